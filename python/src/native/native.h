/* The extension module of the Python package foretell: arguments, arrays and
 * errors. The coders themselves are in Go, behind the functions of ft_api, which a
 * second module brings in when the first of them is needed. */
#ifndef FORETELL_NATIVE_H
#define FORETELL_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdatomic.h>
#include <stdlib.h>
#include "ft.h"

extern const ft_api *go;

/* ready returns 0 if the Go side can be called, and otherwise sets an error. */
int ready(void);

/* An O& converter of a Network, or None for 0. The object must outlive the handle. */
int network_of(PyObject *o, void *h);

/* usable tells whether Go runs and can be called. */
int usable(void);

/* starts is a function of the module by which _core, loaded by whomever, says that
 * Go runs. */
PyObject *starts(PyObject *self, PyObject *unused);

/* lost is a function of the module: it tells whether this process is a forked child that
 * cannot use Go. */
PyObject *lost(PyObject *self, PyObject *unused);

/* A Caller makes a call that takes long. Between work and worked other threads may run;
 * progress and file are functions that Go's work has called on this thread: progress
 * with how many bytes are done, of how many; file with an offset and a number of bytes,
 * which it returns, or with bytes, which it writes. Either may be NULL. With work_held
 * no other thread runs. */
typedef struct {
	ft_caller to;
	PyThreadState *save;
	PyObject *progress, *file;
} Caller;

void work(Caller *c, PyObject *progress, PyObject *file);
void work_held(Caller *c);
void worked(Caller *c);

/* raise_error sets the exception that e describes and returns NULL. */
PyObject *raise_error(ft_error *e);

/* set_error sets one of foretell's exceptions and returns -1. */
int set_error(const char *name, const char *message);

/* busy_error sets the error that an object is used by two threads at once. */
int busy_error(void);

/* blob is take_bytes, or the error if there is one. */
PyObject *blob(uint32_t h, int64_t length, ft_error *e);

/* take_bytes returns the bytes with a number, which it releases. */
PyObject *take_bytes(uint32_t blob, int64_t length);

/* new_symbols returns an uninitialised array of n int64 and their address. */
PyObject *new_symbols(Py_ssize_t n, int64_t **data);

/* arguments sorts the arguments of a vector call by the names given, of which the
 * first few may come by position and some are required. */
int arguments(const char *function, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
              const char *const *names, int positional, int required, PyObject **out);

/* An Array is numbers of a caller's, where they lie or copied. */
typedef struct {
	char *data;
	int type; /* FT_FLOAT32.. */
	int size; /* bytes of a number */
	int swapped; /* in the other byte order */
	int ndim; /* 0..2 */
	Py_ssize_t shape[2], strides[2];
	int viewed;
	Py_buffer view;
	PyObject *keep;
	void *own;
} Array;

/* array_get reads o, an array of one or, if most is 2, two axes, or a sequence of
 * numbers; array_floats makes them floats, whole ones in a copy. Shapes are compared in
 * between. After an error of either nothing is held. */
int array_get(Array *a, PyObject *o, int most);
int array_floats(Array *a);

/* array_row is both for one row, which may be the only one of a matrix. */
int array_row(Array *a, PyObject *o);

/* array_read reads o as numbers of any type, objects and single ones too. */
int array_read(Array *a, PyObject *o, int most);

/* numbers_of copies a list or tuple of numbers as doubles. */
int numbers_of(Array *a, PyObject *list);

/* is_sequence tells whether o has its items in an order. */
int is_sequence(PyObject *o);

/* refused sets the error that no numbers can be read from o, and returns -1. */
int refused(PyObject *o);

/* array_free releases what array_get holds. */
void array_free(Array *a);

/* too_many_axes sets the error that an array has more than most axes. */
int too_many_axes(int ndim, int most);

/* A distribution of more numbers would be refused in any case: it is before anything is
 * copied. too_many_numbers sets that error and returns -1. */
#define MOST_NUMBERS (1 << 24)
int too_many_numbers(void);

/* is_rows tells a list of rows from a list of numbers and from an array. */
int is_rows(PyObject *o);

/* gather copies rows from..to-1 of a to dst, one after another. */
void gather(const Array *a, Py_ssize_t from, Py_ssize_t to, char *dst);

/* in_place tells whether the rows of a can be read where they lie. */
int in_place(const Array *a);

/* Symbols are a sequence of them. One that no uint32 holds stands as NO_SYMBOL, which
 * is out of every range. */
typedef struct {
	uint32_t *all;
	Py_ssize_t n;
} Symbols;

#define NO_SYMBOL UINT32_MAX

/* symbols_get reads a sequence of n symbols, one for each of what the error names, or
 * of any number if n is below zero. */
int symbols_get(Symbols *s, PyObject *o, Py_ssize_t n, const char *each);
void symbols_free(Symbols *s);

/* symbol_get reads one symbol. */
int symbol_get(PyObject *o, uint32_t *symbol);

/* A Coder is an object of any of the types that hold coders. */
typedef struct {
	PyObject_HEAD
	atomic_int busy;
	uint32_t encoder, decoder, stack; /* 0 if there is none */
	uint32_t *many; /* of a batch, n of one kind */
	Py_ssize_t n;
	int kind;
	int tolerant; /* a batch that encodes under a tolerance */
	void *scratch;
	size_t room;
} Coder;

/* enter marks a coder as in use, leave ends that. enter_with fails too if there is
 * no coder in a slot. */
int enter(Coder *c);
int enter_with(Coder *c, const uint32_t *slot);
void leave(Coder *c);

/* row returns the address of row i of a, copied to scratch memory if need be. */
void *row(Coder *c, const Array *a, Py_ssize_t i);

/* scratch returns at least size bytes of a coder's memory. */
void *scratch(Coder *c, size_t size);

/* With as many bytes to read, other threads may run. With fewer, passing the lock on
 * and waiting for it takes longer than the work. */
#define RELEASE_AT (512 << 10)
#define RUN(bytes, call)                                   \
	do {                                                   \
		if ((bytes) >= RELEASE_AT) {                       \
			PyThreadState *save_ = PyEval_SaveThread();    \
			call;                                          \
			PyEval_RestoreThread(save_);                   \
		} else {                                           \
			call;                                          \
		}                                                  \
	} while (0)

/* put makes h the coder in a slot, and releases the one that was there. */
void put(uint32_t *slot, int kind, uint32_t h);

/* drop_streams releases n streams of a batch and their array. */
void drop_streams(int kind, uint32_t *many, Py_ssize_t n);

/* A converter of the argument guard: -1 for None, the default. */
int guard_of(PyObject *o, void *guard);

/* raise_symbol is raise_error, with the symbol as the caller gave it, or with
 * raise_item item i of a sequence. */
PyObject *raise_symbol(ft_error *e, PyObject *symbol);
PyObject *raise_item(ft_error *e, PyObject *symbols, Py_ssize_t i);

/* form_of returns the form of a distribution, -1 with an error. */
int form_of(PyObject *logits);

/* hand_over makes the n symbols that were decoded before the error that is set its
 * attribute. */
void hand_over(PyObject *symbols, Py_ssize_t n);

/* encode_one and decode_row code one symbol; decode_row frees a. */
PyObject *encode_one(Coder *c, PyObject *probs, PyObject *symbol, int form);
PyObject *decode_row(Coder *c, Array *a, int form);

/* Methods and fields of any coder. */
PyObject *finish_coder(PyObject *self, PyObject *unused);
PyObject *coder_steps(PyObject *self, void *unused);
PyObject *coder_bits(PyObject *self, void *unused);
PyObject *coder_information(PyObject *self, void *unused);
PyObject *coder_drift(PyObject *self, void *unused);
PyObject *coder_position(PyObject *self, PyObject *unused);
PyObject *coder_seek(PyObject *self, PyObject *position);
PyObject *coder_values(PyObject *self, PyObject *args);

/* coder_save returns bytes from which the others make a copy of a coder. */
PyObject *coder_save(PyObject *self, PyObject *unused);
PyObject *encoder_load(PyObject *self, PyObject *saved);
PyObject *decoder_load(PyObject *self, PyObject *saved);

/* choose sets hs to the n streams of a batch that a call is about: those of active, or
 * all. */
int choose(Coder *c, PyObject *active, Symbols *s, uint32_t **hs, Py_ssize_t *n);

/* elsewhere has foretell._device code a batch whose rows lie on a GPU. It returns None
 * if they are to be read here: so are arrays with a buffer, and those under a tolerance. */
PyObject *elsewhere(PyObject *self, PyObject *rows, PyObject *symbols, PyObject *active, int form);

/* Methods of batches under rows that were weighed elsewhere. */
PyObject *encode_weighed(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *points(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *decode_weighed(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
extern const char encode_weighed_doc[], points_doc[], decode_weighed_doc[];

/* put_sparse and get_sparse are the methods that code under the probabilities of
 * some symbols. */
PyObject *put_sparse(const char *name, PyObject *self, int kind, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);
PyObject *get_sparse(const char *name, PyObject *self, int kind, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames);

/* A converter of how files are written, which keeps the tuple's memory. */
int writing(PyObject *tuple, void *to);

#define VECTOR_METHOD(f) ((PyCFunction)(void (*)(void))(f))

PyObject *coder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs);
void coder_free(PyObject *self);
int add_type(PyObject *module, PyType_Spec *spec);

extern PyType_Spec distribution_coder_spec, encoder_spec, decoder_spec, stack_spec;
extern PyType_Spec batch_encoder_spec, batch_decoder_spec, reader_spec, writer_spec, network_spec, streams_spec;
extern PyMethodDef functions[];

#endif
