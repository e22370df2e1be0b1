//go:build cgo && !noduckdb && (linux || darwin) && (amd64 || arm64)

package duck

// Where a C compiler is and none for C++, the linker finds no libstdc++ to build with;
// the one that programs run with is there with GCC itself.

// #cgo linux LDFLAGS: -L${SRCDIR}/link
import "C"
