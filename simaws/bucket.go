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

// bucketKey names one bucket; an organization's has no account.
type bucketKey struct{ name, account string }

// buckets are all token buckets of a simulated AWS.
type buckets map[bucketKey]*bucket

// take takes a token for one call from the caller's bucket and from the
// organization's, or from neither if one of them is empty.
func (bs buckets) take(operation, account string, now time.Time) bool {
	rate := limits.Of(operation)
	own := bs.at(rate.Shared, account, rate.Account, now)
	all := bs.at(rate.Shared, "", rate.Org, now)
	for _, b := range []*bucket{own, all} {
		if b != nil && !b.refill(now) {
			return false
		}
	}
	for _, b := range []*bucket{own, all} {
		if b != nil {
			b.take()
		}
	}
	return true
}

// at returns the bucket of that name, nil where nothing is limited.
func (bs buckets) at(name, account string, limit limits.Bucket, now time.Time) *bucket {
	if !limit.Limited() {
		return nil
	}
	key := bucketKey{name, account}
	if bs[key] == nil {
		bs[key] = newBucket(limit, now)
	}
	return bs[key]
}
