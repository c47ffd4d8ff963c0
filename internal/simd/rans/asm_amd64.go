//go:build amd64 && !purego

package rans

// The numbers are the bits of a symbol.

//go:noescape
func decode8AVX512(j *decodeJob)

//go:noescape
func decode16AVX512(j *decodeJob)

//go:noescape
func decode32AVX512(j *decodeJob)

//go:noescape
func decodeIndexed8AVX512(j *decodeJob)

//go:noescape
func decodeIndexed16AVX512(j *decodeJob)

//go:noescape
func decodeIndexed32AVX512(j *decodeJob)

//go:noescape
func decode8AVX2(j *decodeJob)

//go:noescape
func decode16AVX2(j *decodeJob)

//go:noescape
func decode32AVX2(j *decodeJob)

//go:noescape
func decodeIndexed8AVX2(j *decodeJob)

//go:noescape
func decodeIndexed16AVX2(j *decodeJob)

//go:noescape
func decodeIndexed32AVX2(j *decodeJob)

//go:noescape
func encode8AVX512(j *encodeJob)

//go:noescape
func encode16AVX512(j *encodeJob)

//go:noescape
func encode32AVX512(j *encodeJob)

//go:noescape
func encodeIndexed8AVX512(j *encodeJob)

//go:noescape
func encodeIndexed16AVX512(j *encodeJob)

//go:noescape
func encodeIndexed32AVX512(j *encodeJob)

//go:noescape
func decode8BMI2(j *decodeJob)

//go:noescape
func decode16BMI2(j *decodeJob)

//go:noescape
func decode32BMI2(j *decodeJob)

//go:noescape
func encode8BMI2(j *encodeJob)

//go:noescape
func encode16BMI2(j *encodeJob)

//go:noescape
func encode32BMI2(j *encodeJob)
