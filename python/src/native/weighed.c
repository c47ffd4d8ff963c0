/* Batches under rows that were weighed elsewhere, such as on a GPU. */
#include "native.h"

#include <string.h>

PyObject *elsewhere(PyObject *self, PyObject *rows, PyObject *symbols, PyObject *active, int form) {
	PyObject *done = NULL, *logits = form == FT_LOGITS ? Py_True : Py_False;
	if (((Coder *)self)->tolerant || PyObject_CheckBuffer(rows) || PyList_Check(rows) || PyTuple_Check(rows))
		return Py_NewRef(Py_None);
	active = active ? active : Py_None;
	PyObject *device = PyImport_ImportModule("foretell._device");
	if (device != NULL && symbols != NULL)
		done = PyObject_CallMethod(device, "encode", "OOOOO", self, rows, symbols, active, logits);
	else if (device != NULL)
		done = PyObject_CallMethod(device, "decode", "OOOO", self, rows, active, logits);
	Py_XDECREF(device);
	return done;
}

/* numbers reads a matrix of n rows of so many int64. */
static int numbers(Py_buffer *view, PyObject *o, Py_ssize_t n, Py_ssize_t columns) {
	if (PyObject_GetBuffer(o, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
		return -1;
	if (view->itemsize == 8 && view->format && strchr("lq", view->format[0]) && view->ndim == 2 && view->shape[0] == n && view->shape[1] == columns)
		return 0;
	PyBuffer_Release(view);
	PyErr_Format(PyExc_ValueError, "what was weighed is an int64 array of shape (%zd, %zd)", n, columns);
	return -1;
}

static Py_ssize_t size_of(PyObject *o) {
	if (o == NULL) {
		PyErr_SetString(PyExc_TypeError, "size, the number of symbols of a row, is missing");
		return -1;
	}
	return PyNumber_AsSsize_t(o, PyExc_OverflowError);
}

const char encode_weighed_doc[] =
	"encode_weighed($self, weights, symbols, *, size, active=None)\n--\n\n"
	"Code one symbol in each stream under rows of size numbers that were weighed where\n"
	"they lie: weights is what foretell.torch.weigh or foretell.jax.weigh returned, as an\n"
	"int64 array of shape (B, 3) of NumPy. The streams are those of encode.";

PyObject *encode_weighed(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"weights", "symbols", "size", "active", NULL};
	Coder *c = (Coder *)self;
	PyObject *in[4] = {0};
	Symbols s = {0}, chosen = {0};
	Py_buffer view;
	ft_error e = {0};
	uint32_t *hs;
	Py_ssize_t n, size;
	int code = -1;
	if (arguments("encode_weighed", args, nargs, kwnames, names, 2, 2, in) < 0)
		return NULL;
	if (((size = size_of(in[2])) == -1 && PyErr_Occurred()) || enter(c) < 0)
		return NULL;
	if (choose(c, in[3], &chosen, &hs, &n) == 0 && symbols_get(&s, in[1], n, "streams") == 0 && numbers(&view, in[0], n, 3) == 0) {
		code = n ? go->encode_weighed(hs, size, view.buf, s.all, n, &e) : FT_OK;
		PyBuffer_Release(&view);
	}
	leave(c);
	symbols_free(&s);
	symbols_free(&chosen);
	if (e.code != FT_OK)
		return raise_item(&e, in[1], e.row);
	if (code != FT_OK)
		return NULL;
	Py_RETURN_NONE;
}

const char points_doc[] =
	"points($self, *, active=None)\n--\n\n"
	"Return where each stream stands on the line of length 2**32, an int64 array of\n"
	"shape (B,), for foretell.torch.find or foretell.jax.find. Nothing moves.";

PyObject *points(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"active", NULL};
	Coder *c = (Coder *)self;
	PyObject *in[1] = {0}, *all = NULL;
	Symbols chosen = {0};
	ft_error e = {0};
	uint32_t *hs;
	int64_t *to;
	Py_ssize_t n;
	if (arguments("points", args, nargs, kwnames, names, 0, 0, in) < 0 || enter(c) < 0)
		return NULL;
	if (choose(c, in[0], &chosen, &hs, &n) == 0 && (all = new_symbols(n, &to)) != NULL && n)
		go->points(hs, to, n, &e);
	leave(c);
	symbols_free(&chosen);
	if (e.code != FT_OK) {
		Py_CLEAR(all);
		raise_error(&e);
	}
	return all;
}

const char decode_weighed_doc[] =
	"decode_weighed($self, candidates, *, size, active=None)\n--\n\n"
	"Return the next symbol of each stream as decode does, where candidates is what find\n"
	"returned, as an int64 array of shape (B, 6) of NumPy, for rows of size numbers.\n\n"
	"Raises NotThereError, and no stream moves, if a row's symbol is not among them: then\n"
	"decode under the rows themselves.";

PyObject *decode_weighed(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"candidates", "size", "active", NULL};
	Coder *c = (Coder *)self;
	PyObject *in[3] = {0}, *symbols = NULL;
	Symbols chosen = {0};
	Py_buffer view;
	ft_error e = {0};
	uint32_t *hs;
	int64_t *to;
	Py_ssize_t n, size;
	int code = -1;
	if (arguments("decode_weighed", args, nargs, kwnames, names, 1, 1, in) < 0)
		return NULL;
	if (((size = size_of(in[1])) == -1 && PyErr_Occurred()) || enter(c) < 0)
		return NULL;
	if (choose(c, in[2], &chosen, &hs, &n) == 0 && (symbols = new_symbols(n, &to)) != NULL && numbers(&view, in[0], n, 6) == 0) {
		code = n ? go->decode_weighed(hs, size, view.buf, to, n, &e) : FT_OK;
		PyBuffer_Release(&view);
	}
	leave(c);
	symbols_free(&chosen);
	if (e.code != FT_OK) {
		raise_error(&e);
		if (e.moved)
			hand_over(symbols, n);
	}
	if (code != FT_OK)
		Py_CLEAR(symbols);
	return symbols;
}
