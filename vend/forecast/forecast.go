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
	trusted, doubted = 800, 2
	surprise         = 2.5 // standard errors
)

// Left is how long the rest takes, from low to high. What was met corrects what
// was expected, so creations that are slower show at once; of tries with
// latencies so drawn, about nine in ten lie between.
func (r Run) Left(l Limits, e Expected, chance *rand.Rand) (low, high time.Duration) {
	d := r.learn(e)
	tries := min(99, max(19, 99_000/(1+r.Waiting)))
	took := make([]time.Duration, tries)
	for i := range took {
		took[i] = r.rest(l, d.maybe(chance), chance)
	}
	slices.Sort(took)
	cut := (tries+1)/20 - 1 // of n tries the next is below the k-th with k in n+1
	return took[cut], took[tries-1-cut]
}

// latency is a lognormal distribution of seconds, learned from so many creations.
type latency struct{ mu, sigma, from float64 }

// maybe is a distribution that d may have been learned from: mu and sigma have the
// standard errors of a normal distribution's.
func (d latency) maybe(chance *rand.Rand) latency {
	d.mu += d.sigma * chance.NormFloat64() / math.Sqrt(d.from)
	d.sigma *= math.Exp(chance.NormFloat64() / math.Sqrt(2*d.from))
	return d
}

// learn is what is expected, corrected by what was met. A creation that has not
// ended counts as long as the longer of its age and what is expected, since
// those that end first are the quick ones.
func (r Run) learn(e Expected) latency {
	mu, sigma := logarithm(e.Median), e.Sigma
	met := r.met(mu)
	from := float64(trusted)
	if n := float64(len(met)); n > 0 && math.Abs(sum(met)/n-mu) > surprise*max(sigma, 0.05)/math.Sqrt(n) {
		from = doubted
		met = r.met((from*mu + sum(met)) / (from + n)) // what is under way is as unexpected as what ended
	}
	n := from + float64(len(met))
	mean := (from*mu + sum(met)) / n
	square := from * (sigma*sigma + (mu-mean)*(mu-mean))
	for _, x := range met {
		square += (x - mean) * (x - mean)
	}
	return latency{mean, math.Sqrt(square / n), n}
}

// met are the logarithms of what was met, where mu is expected of what goes on.
func (r Run) met(mu float64) (logs []float64) {
	for _, d := range r.Took {
		logs = append(logs, logarithm(d))
	}
	for _, d := range r.Ages {
		logs = append(logs, max(mu, logarithm(d)))
	}
	return logs
}

func sum(list []float64) (all float64) {
	for _, x := range list {
		all += x
	}
	return all
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
