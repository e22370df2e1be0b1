package simaws

import (
	"time"

	"landlord/internal/limits"
)

// bucket is a token bucket that counts tokens as time: a token is worth the
// time it takes to grow, so no fraction is ever lost to rounding.
type bucket struct {
	token  time.Duration // what one token is worth
	most   time.Duration // a full bucket
	credit time.Duration
	seen   time.Time // when credit was right
}

func newBucket(b limits.Bucket, now time.Time) *bucket {
	token := time.Duration(float64(time.Second) / b.Rate)
	full := time.Duration(b.Burst) * token
	return &bucket{token: token, most: full, credit: full, seen: now}
}

// refill brings the bucket to now and tells whether it has a token.
func (b *bucket) refill(now time.Time) bool {
	if passed := now.Sub(b.seen); passed > 0 {
		b.credit = min(b.credit+min(passed, b.most), b.most)
		b.seen = now
	}
	return b.credit >= b.token
}

func (b *bucket) take() { b.credit -= b.token }

// bucketKey names one bucket: of a caller, of an account that calls are about,
// or, with neither, of the organization.
type bucketKey struct{ name, caller, about string }

// buckets are all token buckets of a simulated AWS.
type buckets map[bucketKey]*bucket

// take takes a token for one call from each bucket that holds it, or from none
// if one of them is empty: the caller's, that of the account which the call is
// about, the organization's.
func (bs buckets) take(operation, caller, about string, now time.Time) bool {
	rate := limits.Of(operation)
	all := []*bucket{
		bs.at(bucketKey{name: rate.Shared, caller: caller}, rate.Account, now),
		bs.at(bucketKey{name: rate.Shared, about: about}, rate.Target, now),
		bs.at(bucketKey{name: rate.Shared}, rate.Org, now),
	}
	for _, b := range all {
		if b != nil && !b.refill(now) {
			return false
		}
	}
	for _, b := range all {
		if b != nil {
			b.take()
		}
	}
	return true
}

// at returns the bucket of that name, nil where nothing is limited.
func (bs buckets) at(key bucketKey, limit limits.Bucket, now time.Time) *bucket {
	if !limit.Limited() {
		return nil
	}
	if bs[key] == nil {
		bs[key] = newBucket(limit, now)
	}
	return bs[key]
}
