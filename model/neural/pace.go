package neural

import "time"

// Pace returns how long the network takes for a token when a block of count tokens is
// decoded by so many threads, from a few steps. It is not for networks that predict
// frames, which decode as they encode.
func (m *Model) Pace(count, threads int) (time.Duration, error) {
	p := newPlan(kindTokens, count, m.net.Positions())
	o := p.options(threads, 1)
	o.Positions = min(o.Positions, paceSteps+1)
	o.Window, o.Sinks = min(o.Window, o.Positions), min(o.Sinks, o.Positions)
	s, err := m.net.NewStreams(p.streams, o)
	if err != nil {
		return 0, err
	}
	tokens := make([]uint32, p.streams)
	for i := range tokens {
		tokens[i] = m.start
	}
	var begin time.Time
	for step := range paceSteps + 1 { // the first one finds nothing in the caches
		if step == 1 {
			begin = time.Now()
		}
		if _, err := s.Step(tokens); err != nil {
			return 0, err
		}
	}
	return time.Since(begin) / time.Duration(paceSteps*p.streams), nil
}

const paceSteps = 6
