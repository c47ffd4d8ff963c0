// Package fpenv changes how the current thread calculates with floats, as code
// in C that calls Go may have done before. It is for tests, which lock their
// goroutine to its thread first.
package fpenv

// Modes are the ways of calculating that a test should try: the usual one first,
// then the others that this processor has.
func Modes() []Mode { return modes }

// A Mode is a rounding mode and a treatment of denormal numbers.
type Mode struct {
	Name  string
	value uint32
}

// Set puts the thread in the mode and returns how to go back.
func (m Mode) Set() (restore func()) {
	old := swap(m.value)
	return func() { swap(old) }
}
