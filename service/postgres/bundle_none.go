//go:build !bundle || !linux || !amd64

package postgres

// bundle is the PostgreSQL that is built in: none is, without the build tag bundle.
var bundle *Binaries
