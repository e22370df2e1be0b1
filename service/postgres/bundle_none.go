//go:build !bundle

package postgres

// bundle unpacks the PostgreSQL that is built in: none is, without the build tag
// bundle.
var bundle func() (Binaries, error)
