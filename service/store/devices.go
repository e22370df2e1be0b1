package store

import (
	"context"
	"time"
)

// DeviceLogin is a program that waits for an operator to give it a token. The store
// knows only the hashes of its codes.
type DeviceLogin struct {
	Code       []byte // SHA-256 of what the program holds
	Spoken     []byte // SHA-256 of what people type
	Name       string // of the program, as it says
	Source     string // the network address that it asked from
	CreatedAt  time.Time
	ExpiresAt  time.Time
	PolledAt   *time.Time
	Person     string // who answered; "" while nobody did
	AnsweredAt *time.Time
	Scopes     []string // that were given; none if it was refused
	Days       int
}

const deviceColumns = `code, spoken, name, source, created_at, expires_at, polled_at, coalesce(person, '') AS person, answered_at, scopes, days`

// NewDeviceLogin keeps one that waits, and removes those that wait no more.
func (tx Tx) NewDeviceLogin(ctx context.Context, d DeviceLogin) error {
	if _, err := tx.Exec(ctx, `DELETE FROM device_login WHERE expires_at < $1`, d.CreatedAt); err != nil {
		return wrote(err, "logins of programs")
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO device_login (code, spoken, name, source, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		d.Code, d.Spoken, d.Name, d.Source, d.CreatedAt, d.ExpiresAt)
	return written(tag, err, "login of "+d.Name)
}

// SpokenDeviceLogin returns the one with a code that people type that waits for an
// answer at now.
func (tx Tx) SpokenDeviceLogin(ctx context.Context, spoken []byte, now time.Time) (DeviceLogin, error) {
	rows, _ := tx.Query(ctx, `SELECT `+deviceColumns+` FROM device_login WHERE spoken = $1 AND expires_at > $2 AND person IS NULL`, spoken, now)
	return one[DeviceLogin](rows, "login of a program")
}

// AnswerDeviceLogin keeps an operator's answer to one that waits at now: scopes and
// how long, or no scopes to refuse it. It is answered once.
func (tx Tx) AnswerDeviceLogin(ctx context.Context, spoken []byte, person string, scopes []string, days int, now time.Time) error {
	tag, err := tx.Exec(ctx, `
		UPDATE device_login SET person = $2, answered_at = $3, scopes = $4, days = $5
		WHERE spoken = $1 AND expires_at > $3 AND person IS NULL`, spoken, person, now, append([]string{}, scopes...), days)
	return written(tag, err, "login of a program")
}

// PollDeviceLogin returns the one with that code as it was before now, and notes that
// it was asked for; it holds others off until the transaction ends.
func (tx Tx) PollDeviceLogin(ctx context.Context, code []byte, now time.Time) (DeviceLogin, error) {
	rows, _ := tx.Query(ctx, `SELECT `+deviceColumns+` FROM device_login WHERE code = $1 FOR UPDATE`, code)
	d, err := one[DeviceLogin](rows, "login of a program")
	if err != nil {
		return d, err
	}
	_, err = tx.Exec(ctx, `UPDATE device_login SET polled_at = $2 WHERE code = $1`, code, now)
	return d, wrote(err, "login of a program")
}

// EndDeviceLogin removes one that has its answer.
func (tx Tx) EndDeviceLogin(ctx context.Context, code []byte) error {
	tag, err := tx.Exec(ctx, `DELETE FROM device_login WHERE code = $1`, code)
	return written(tag, err, "login of a program")
}
