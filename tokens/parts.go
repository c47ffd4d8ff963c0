package tokens

// Parts is a series of parts: what a Source makes of inputs, and what a reader of
// .fore files gives back. Next returns io.EOF after the last one; what it returns is
// valid until the next call.
type Parts interface {
	Next() (Part, error)
}
