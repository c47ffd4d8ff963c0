// Package step codes one symbol at a time under distributions that the caller's own
// model predicts, as autoregressive models need it: an [Encoder] is handed a
// distribution and a symbol, and a [Decoder] that is handed an equal distribution
// gives the symbol back.
//
// Distributions are probabilities or logits of any float type, top-k lists with a
// tail, parametric families, or any [prob.Distribution]. Streams are bare (nothing
// but the coder's bytes) or framed (checked, and ended), can be coded many at a
// time ([EncodeBatch]), left and entered at a [Position], and carry a guard that
// notices when encoder and decoder were handed different distributions. A tolerance
// bears that they differ a little, as those of a model in floats do ([Frame]).
// docs/stream.md specifies them, docs/exactness.md how floats become the same
// intervals everywhere.
package step
