// Package forecast says how long the rest of a run takes, from what it has met
// so far. What a run's time goes into is work that AWS goes on with after its
// answer: the creation of accounts. Nothing else is counted.
package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Run is how far a run has come.
type Run struct {
	Waiting int             // creations not asked for yet
	Ages    []time.Duration // how long each that is under way has been
	Took    []time.Duration // how long each that is done took
}

// Limits are AWS's on creations. The zero Limits do not limit.
type Limits struct {
	Slots int           // under way at once
	Every time.Duration // between two starts in the long run
	Burst time.Duration // how far starts may run ahead of that
}

// Expected is what a creation is expected to take before one was seen: a
// lognormal distribution.
type Expected struct {
	Median time.Duration
	Sigma  float64
}

// What was expected counts for so many creations, beside those met: for many as
// long as those are as expected, for few once they are not.
const (
	trusted, doubted = 400, 8
	surprise         = 2.5 // standard errors
)

// Left is how long the rest takes, from low to high. What was met corrects what
// was expected, so creations that are slower show at once; of tries with
// latencies so drawn, about nine in ten lie between.
func (r Run) Left(l Limits, e Expected, chance *rand.Rand) (low, high time.Duration) {
	d := r.learn(e)
	tries := min(60, max(8, 30_000/(1+r.Waiting)))
	took := make([]time.Duration, tries)
	for i := range took {
		one := d
		one.mu += d.unsure * chance.NormFloat64()
		took[i] = r.rest(l, one, chance)
	}
	slices.Sort(took)
	cut := tries / 20
	return took[cut], took[tries-1-cut]
}

// latency is a lognormal distribution of seconds, and the standard error of its mu.
type latency struct{ mu, sigma, unsure float64 }

// learn is what is expected, corrected by what was met. A creation that has not
// ended counts as long as the longer of its age and what is expected, since
// those that end first are the quick ones.
func (r Run) learn(e Expected) latency {
	mu, sigma := logarithm(e.Median), e.Sigma
	var logs []float64
	for _, d := range r.Took {
		logs = append(logs, logarithm(d))
	}
	for _, d := range r.Ages {
		logs = append(logs, max(mu, logarithm(d)))
	}
	var sum float64
	for _, x := range logs {
		sum += x
	}
	weight := float64(trusted)
	if n := float64(len(logs)); n > 0 && math.Abs(sum/n-mu) > surprise*max(sigma, 0.05)/math.Sqrt(n) {
		weight = doubted
	}
	n := weight + float64(len(logs))
	mean := (weight*mu + sum) / n
	square := weight * (sigma*sigma + (mu-mean)*(mu-mean))
	for _, x := range logs {
		square += (x - mean) * (x - mean)
	}
	sigma = math.Sqrt(square / n)
	return latency{mean, sigma, sigma / math.Sqrt(n)}
}

func logarithm(d time.Duration) float64 { return math.Log(max(d.Seconds(), 1e-3)) }

// draw is a latency of something that has already taken so long.
func (d latency) draw(age time.Duration, chance *rand.Rand) time.Duration {
	if age <= 0 || d.sigma == 0 {
		return max(age, seconds(math.Exp(d.mu+d.sigma*chance.NormFloat64())))
	}
	z := (math.Log(age.Seconds()) - d.mu) / d.sigma
	below := 0.5 * (1 + math.Erf(z/math.Sqrt2))
	u := below + (1-below)*chance.Float64()
	if u > 1-1e-9 { // beyond what the distribution can tell
		return age + age/4
	}
	return max(age, seconds(math.Exp(d.mu+d.sigma*math.Sqrt2*math.Erfinv(2*u-1))))
}

// seconds is s as a duration, a day at most.
func seconds(s float64) time.Duration { return time.Duration(min(s, 86400) * float64(time.Second)) }

// rest draws one way in which the run may end.
func (r Run) rest(l Limits, d latency, chance *rand.Rand) time.Duration {
	var ends []time.Duration // of what is under way, from now, ascending
	var last time.Duration
	begin := func(end time.Duration) {
		at, _ := slices.BinarySearch(ends, end)
		ends = slices.Insert(ends, at, end)
		last = max(last, end)
	}
	for _, age := range r.Ages {
		begin(d.draw(age, chance) - age)
	}
	var start, full time.Duration
	if r.Waiting > 0 && len(r.Ages)+len(r.Took) > 0 { // the bucket has been drawn on
		full = l.Burst
	}
	for range r.Waiting {
		start = max(start, full-l.Burst)
		if l.Slots > 0 && len(ends) >= l.Slots {
			start = max(start, ends[0])
			ends = ends[1:]
		}
		full = max(start, full) + l.Every
		begin(start + d.draw(0, chance))
	}
	return last
}
