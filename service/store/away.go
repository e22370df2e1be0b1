package store

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Away tells whether err is that the database cannot be reached, hangs, or is just
// stopping or starting: what was asked is to be asked again.
func Away(err error) bool {
	if refused, is := errors.AsType[*pgconn.PgError](err); is {
		// Source: PostgreSQL manual, appendix A: a connection's end; too many of them; the
		// server stops, has crashed, or cannot take connections yet.
		return strings.HasPrefix(refused.Code, "08") || refused.Code == "53300" || strings.HasPrefix(refused.Code, "57P0")
	}
	if _, is := errors.AsType[*pgconn.ConnectError](err); is {
		return true
	}
	if _, is := errors.AsType[*net.OpError](err); is {
		return true
	}
	return errors.Is(err, errHung) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
}

// Illegible tells whether err is that a text holds what no text of the database can:
// NUL, or bytes that are no UTF-8. Nothing was written.
func Illegible(err error) bool {
	refused, is := errors.AsType[*pgconn.PgError](err)
	// Source: PostgreSQL manual, appendix A: character_not_in_repertoire, untranslatable_character.
	return is && (refused.Code == "22021" || refused.Code == "22P05")
}

// Full tells whether err is that the database has no room to write. What is there can
// be read.
func Full(err error) bool {
	refused, is := errors.AsType[*pgconn.PgError](err)
	return is && refused.Code == "53100"
}
