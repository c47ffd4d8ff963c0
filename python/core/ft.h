/* What the C side and the Go side of the extension agree on. */
#ifndef FORETELL_FT_H
#define FORETELL_FT_H

#include <stdint.h>

/* Why a call failed. */
enum {
	FT_OK,
	FT_DISTRIBUTION,
	FT_SYMBOL,
	FT_CORRUPT,
	FT_TRUNCATED,
	FT_END,
	FT_LIMIT,
	FT_UNSUPPORTED,
	FT_MODEL,
	FT_DRIFT,
	FT_OS,
	FT_VALUE,
	FT_INTERNAL,
	FT_NOT_THERE,
	FT_CALLER, /* the caller has set an error */
};

/* What an error says beside its message. Numbers that do not apply are -1. */
typedef struct {
	int32_t code;
	int32_t number; /* errno */
	int64_t index;  /* of the refused value of a distribution; the refused symbol */
	int64_t length; /* symbols of the distribution */
	int64_t row;
	int64_t from, to; /* steps */
	int64_t block, offset;
	int32_t moved; /* all streams of a batch have moved on */
	char *message; /* from malloc */
} ft_error;

/* Types of numbers; those after FT_BFLOAT16 only ever reach C. */
enum { FT_FLOAT32, FT_FLOAT64, FT_FLOAT16, FT_BFLOAT16, FT_SIGNED, FT_UNSIGNED, FT_OBJECT };

/* Forms of a distribution, as foretell.Form. */
enum { FT_PROBABILITIES, FT_LOGITS };

/* Kinds of coders. */
enum { FT_ENCODER, FT_DECODER, FT_STACK, FT_WRITER, FT_READER, FT_BLOB, FT_NETWORK, FT_STREAMS };

/* A caller of what takes long. Go calls it back on the thread that called. Each function
 * returns 0, or after setting an error, which ends the call, another number. poll hears
 * signals and is told how many bytes are done, of how many, -1 if that is unknown. read
 * and write are those of a file object, whole or not at all. predict puts what a model of
 * the caller's says of the next symbol to dst, after the symbol that came last, -1 where a
 * block begins; which tells apart blocks that are coded at once. */
typedef struct ft_caller {
	int32_t (*poll)(struct ft_caller *c, int64_t done, int64_t total);
	int32_t (*read)(struct ft_caller *c, int64_t offset, void *dst, int64_t n);
	int32_t (*write)(struct ft_caller *c, const void *src, int64_t n);
	int32_t (*predict)(struct ft_caller *c, void *model, int64_t which, int64_t last, float *dst, int64_t n);
} ft_caller;

static inline int32_t ft_poll(ft_caller *c, int64_t done, int64_t total) {
	return c->poll(c, done, total);
}

static inline int32_t ft_read(ft_caller *c, int64_t offset, void *dst, int64_t n) {
	return c->read(c, offset, dst, n);
}

static inline int32_t ft_write(ft_caller *c, const void *src, int64_t n) {
	return c->write(c, src, n);
}

static inline int32_t ft_predict(ft_caller *c, void *model, int64_t which, int64_t last, float *dst, int64_t n) {
	return c->predict(c, model, which, last, dst, n);
}

/* A model of the caller's that files are under: what predict is given, NULL for none, and
 * as foretell.External. */
typedef struct {
	void *model;
	int64_t size;
	int32_t logits, mix;
	uint8_t id[32];
} ft_external;

/* A parametric density for each of count values, each a mixture of parts. */
typedef struct {
	int64_t lo, hi;
	int32_t escape;
	int32_t parts;
	int64_t count;
	const int32_t *families;                    /* parts of them */
	const double *means, *scales, *weights;     /* count * parts of them each */
} ft_family;

/* How files are written; a prior of no bytes is none, and so is network 0. */
typedef struct {
	const char *model;
	uint32_t network;
	int64_t block, workers;
	int32_t solid, embed, resume;
	const void *prior;
	int64_t prior_length;
	ft_external external;
} ft_writing;

/* How streams of a network are run; 0 is the default of each. */
typedef struct {
	int64_t window, sinks, positions, workers, memory;
} ft_running;

/* How files are read: a network that they may need, and where to look for one before
 * anywhere else, paths that end with zeros. */
typedef struct {
	int64_t memory, output, workers;
	uint32_t network;
	const char *places;
	int64_t places_length;
	const void *prior;
	int64_t prior_length;
	ft_external external;
} ft_reading;

typedef struct {
	uint32_t (*encoder_new)(int32_t framed, int64_t vocabulary, void *model, int64_t size, int64_t guard, double tolerance, ft_error *e);
	uint32_t (*decoder_new)(void *data, int64_t length, int32_t framed, int64_t vocabulary, void *model, int64_t size, int64_t guard, double tolerance, ft_error *e);
	void (*release)(int32_t kind, uint32_t h);

	int32_t (*encode)(uint32_t h, int32_t form, int32_t type, void *p, int64_t v, uint32_t symbol, ft_error *e);
	int64_t (*decode)(uint32_t h, int32_t form, int32_t type, void *p, int64_t v, ft_error *e);
	int64_t (*encode_rows)(uint32_t h, int32_t form, int32_t type, void *p, int64_t v, int64_t stride, uint32_t *symbols, int64_t n, ft_error *e);
	int64_t (*decode_rows)(uint32_t h, int32_t form, int32_t type, void *p, int64_t v, int64_t stride, int64_t *symbols, int64_t n, ft_error *e);
	int32_t (*encode_batch)(uint32_t *hs, int32_t form, int32_t type, void *p, int64_t v, uint32_t *symbols, int64_t n, ft_error *e);
	int32_t (*decode_batch)(uint32_t *hs, int32_t form, int32_t type, void *p, int64_t v, int64_t *symbols, int64_t n, ft_error *e);
	int32_t (*encode_weighed)(uint32_t *hs, int64_t v, int64_t *weights, uint32_t *symbols, int64_t n, ft_error *e);
	int32_t (*points)(uint32_t *hs, int64_t *points, int64_t n, ft_error *e);
	int32_t (*decode_weighed)(uint32_t *hs, int64_t v, int64_t *candidates, int64_t *symbols, int64_t n, ft_error *e);
	int64_t (*sparse)(int32_t kind, uint32_t h, int32_t logs, int32_t type, int64_t n, uint32_t *ids, void *p, int64_t k, double tail, int64_t symbol, ft_error *e);
	int64_t (*values)(ft_caller *c, int32_t kind, uint32_t h, ft_family *f, int64_t *values, ft_error *e);
	int32_t (*stack_step)(uint32_t h, int32_t form, int32_t type, void *p, int64_t v, int64_t *symbol, ft_error *e);
	int32_t (*stack_bytes)(uint32_t h, int32_t pop, void *p, int64_t n, ft_error *e);
	uint32_t (*stack_new)(void *data, int64_t length, ft_error *e);
	int64_t (*stack_length)(uint32_t h);
	uint32_t (*stack_dump)(uint32_t h, int64_t *length, ft_error *e);

	uint32_t (*coder_save)(int32_t kind, uint32_t h, int64_t *length, ft_error *e);
	uint32_t (*coder_load)(int32_t kind, void *p, int64_t n, ft_error *e);
	uint32_t (*finish)(int32_t kind, uint32_t h, int64_t *length, ft_error *e);
	void (*take)(uint32_t blob, void *dst);
	int32_t (*stats)(int32_t kind, uint32_t h, int64_t *steps, double *bits, double *information, double *drift, ft_error *e);
	int64_t (*position)(int32_t kind, uint32_t h, void *dst, ft_error *e);
	int32_t (*seek)(int32_t kind, uint32_t h, void *p, int64_t n, ft_error *e);

	uint32_t (*writer_new)(ft_caller *c, char *path, ft_writing *w, ft_error *e);
	int32_t (*writer_add)(ft_caller *c, uint32_t h, char *name, char *type, int32_t rank, int64_t *shape, void *p, ft_error *e);
	int32_t (*writer_begin)(ft_caller *c, uint32_t h, char *name, char *type, int32_t rank, int64_t *row, ft_error *e);
	int32_t (*writer_append)(ft_caller *c, uint32_t h, void *p, int64_t n, ft_error *e);
	int32_t (*writer_end)(ft_caller *c, uint32_t h, ft_error *e);
	int32_t (*writer_close)(ft_caller *c, uint32_t h, int32_t whole, ft_error *e);
	uint32_t (*reader_new)(ft_caller *c, char *path, int64_t size, ft_reading *r, ft_error *e);
	uint32_t (*reader_info)(uint32_t h, int64_t *length, ft_error *e);
	int32_t (*reader_rows)(ft_caller *c, uint32_t h, int64_t member, int64_t from, int64_t to, void *dst, int64_t length, ft_error *e);
	uint32_t (*compress)(ft_caller *c, void *p, int64_t n, char *type, ft_writing *w, int64_t *length, ft_error *e);
	int64_t (*content)(ft_caller *c, void *p, int64_t n, ft_reading *r, ft_error *e);
	int32_t (*decompress)(ft_caller *c, void *p, int64_t n, ft_reading *r, void *dst, int64_t length, ft_error *e);
	uint32_t (*train)(ft_caller *c, void *p, int64_t n, char *model, int64_t most, int64_t *length, ft_error *e);
	uint32_t (*models)(int64_t *length, ft_error *e);

	uint32_t (*network_new)(ft_caller *c, char *path, int64_t memory, ft_error *e);
	uint32_t (*network_info)(uint32_t h, int64_t *length, ft_error *e);
	int32_t (*network_hash)(uint32_t h, void *dst, ft_error *e);
	int32_t (*network_logits)(ft_caller *c, uint32_t h, ft_running *r, uint32_t *tokens, int64_t streams, int64_t each, float *dst, ft_error *e);
	int32_t (*network_frame)(uint32_t h, int64_t workers, uint32_t *tokens, int64_t n, float *dst, ft_error *e);
	uint32_t (*network_encode)(ft_caller *c, uint32_t h, void *p, int64_t n, int64_t *length, ft_error *e);
	uint32_t (*network_decode)(ft_caller *c, uint32_t h, uint32_t *tokens, int64_t n, int64_t *length, ft_error *e);
	uint32_t (*streams_new)(uint32_t network, int64_t n, ft_running *r, ft_error *e);
	int32_t (*streams_step)(uint32_t h, uint32_t *tokens, int64_t n, float *dst, ft_error *e);
	void (*streams_reset)(uint32_t h);
} ft_api;

#define FT_CAPSULE "foretell._core.api"

#endif
