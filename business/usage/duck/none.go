//go:build !cgo || noduckdb || !(linux || darwin) || !(amd64 || arm64)

package duck

import (
	"context"
	"errors"

	"landlord/business/usage"
)

// Engine reads files.
type Engine struct{}

// ErrNone: this landlord was built without DuckDB.
var ErrNone = errors.New("this landlord was built without DuckDB, which reads cost data: build it with CGO_ENABLED=1, a C compiler (gcc or clang) and without the tag noduckdb, on Linux or macOS; all else works as it is")

// Open returns ErrNone.
func Open(context.Context, string, int64) (*Engine, error) { return nil, ErrNone }

// Close does nothing.
func (*Engine) Close() error { return nil }

// Read returns ErrNone.
func (*Engine) Read(context.Context, []string) ([]usage.Bill, error) { return nil, ErrNone }
