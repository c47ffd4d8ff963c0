/* What coders of several kinds have in common. */
#include "native.h"

int guard_of(PyObject *o, void *guard) {
	PyObject *index = o == Py_None ? PyLong_FromLong(-1) : PyNumber_Index(o);
	if (index == NULL)
		return 0;
	*(long long *)guard = PyLong_AsLongLong(index);
	Py_DECREF(index);
	return !PyErr_Occurred();
}

int form_of(PyObject *logits) {
	return logits == NULL ? FT_PROBABILITIES : PyObject_IsTrue(logits);
}

/* sparse codes a symbol under the probabilities of some symbols: encodes or pushes
 * it, or with NULL decodes or pops one. */
static PyObject *sparse(Coder *c, int kind, PyObject **in, PyObject *symbol) {
	PyObject *ids = in[0], *probs = in[1], *size = in[2], *tail = in[3];
	Symbols s;
	Array a;
	ft_error e = {0};
	uint32_t number = 0;
	double rest = -1;
	int64_t got = -1;
	int logs = form_of(in[4]);
	Py_ssize_t n = PyNumber_AsSsize_t(size, PyExc_OverflowError);
	if (logs < 0 || (n == -1 && PyErr_Occurred()) || (symbol && symbol_get(symbol, &number) < 0))
		return NULL;
	if (tail && tail != Py_None) {
		rest = PyFloat_AsDouble(tail);
		if (rest == -1 && PyErr_Occurred())
			return NULL;
		if (rest < 0)
			rest = -2;
	}
	if (array_get(&a, probs, 1) < 0)
		return NULL;
	if (symbols_get(&s, ids, a.shape[0], "probabilities") < 0) {
		array_free(&a);
		return NULL;
	}
	const uint32_t *h = kind == FT_ENCODER ? &c->encoder : kind == FT_DECODER ? &c->decoder : &c->stack;
	if (array_floats(&a) == 0 && enter_with(c, h) == 0) {
		void *p = row(c, &a, 0);
		if (p != NULL)
			got = go->sparse(kind, *h, logs, a.type, n, s.all, p, s.n, rest, symbol ? (int64_t)number : -1, &e);
		leave(c);
	}
	array_free(&a);
	symbols_free(&s);
	if (got >= 0)
		return PyLong_FromLongLong(got);
	if (e.code != FT_OK)
		raise_symbol(&e, symbol);
	return NULL;
}

PyObject *put_sparse(const char *name, PyObject *self, int kind, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"ids", "probs", "symbol", "size", "tail", "logs", NULL};
	PyObject *in[6] = {0};
	if (arguments(name, args, nargs, kwnames, names, 3, 4, in) < 0)
		return NULL;
	PyObject *rest[] = {in[0], in[1], in[3], in[4], in[5]};
	PyObject *done = sparse((Coder *)self, kind, rest, in[2]);
	if (done == NULL)
		return NULL;
	Py_DECREF(done);
	Py_RETURN_NONE;
}

PyObject *get_sparse(const char *name, PyObject *self, int kind, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"ids", "probs", "size", "tail", "logs", NULL};
	PyObject *in[5] = {0};
	if (arguments(name, args, nargs, kwnames, names, 2, 3, in) < 0)
		return NULL;
	return sparse((Coder *)self, kind, in, NULL);
}

/* enter_any is enter_with for whichever coder an object holds, and tells which. */
static int enter_any(Coder *c, int *kind, uint32_t *h) {
	const uint32_t *slot = c->encoder ? &c->encoder : c->decoder ? &c->decoder : &c->stack;
	if (enter_with(c, slot) < 0)
		return -1;
	*kind = slot == &c->encoder ? FT_ENCODER : slot == &c->decoder ? FT_DECODER : FT_STACK;
	*h = *slot;
	return 0;
}

PyObject *finish_coder(PyObject *self, PyObject *unused) {
	Coder *c = (Coder *)self;
	(void)unused;
	int64_t length = -1;
	ft_error e = {0};
	uint32_t h;
	int kind;
	if (enter_any(c, &kind, &h) < 0)
		return NULL;
	uint32_t blob = go->finish(kind, h, &length, &e);
	leave(c);
	if (e.code != FT_OK)
		return raise_error(&e);
	if (length >= 0)
		return take_bytes(blob, length);
	Py_RETURN_NONE;
}

static PyObject *stats(Coder *c, int which) {
	int64_t steps;
	double bits, information, drift = 0;
	ft_error e;
	uint32_t h;
	int kind;
	if (enter_any(c, &kind, &h) < 0)
		return NULL;
	int32_t code = go->stats(kind, h, &steps, &bits, &information, &drift, &e);
	leave(c);
	if (code != FT_OK)
		return raise_error(&e);
	return which == 0 ? PyLong_FromLongLong(steps) : PyFloat_FromDouble(which == 1 ? bits : which == 2 ? information : drift);
}

PyObject *coder_steps(PyObject *self, void *unused) {
	(void)unused;
	return stats((Coder *)self, 0);
}

PyObject *coder_bits(PyObject *self, void *unused) {
	(void)unused;
	return stats((Coder *)self, 1);
}

PyObject *coder_information(PyObject *self, void *unused) {
	(void)unused;
	return stats((Coder *)self, 2);
}

PyObject *coder_drift(PyObject *self, void *unused) {
	(void)unused;
	return stats((Coder *)self, 3);
}

PyObject *coder_position(PyObject *self, PyObject *unused) {
	Coder *c = (Coder *)self;
	(void)unused;
	char b[256];
	ft_error e = {0};
	uint32_t h;
	int kind;
	if (enter_any(c, &kind, &h) < 0)
		return NULL;
	int64_t n = go->position(kind, h, b, &e);
	leave(c);
	return e.code == FT_OK ? PyBytes_FromStringAndSize(b, n) : raise_error(&e);
}

PyObject *coder_save(PyObject *self, PyObject *unused) {
	Coder *c = (Coder *)self;
	(void)unused;
	int64_t length;
	ft_error e = {0};
	uint32_t h;
	int kind;
	if (enter_any(c, &kind, &h) < 0)
		return NULL;
	uint32_t saved = go->coder_save(kind, h, &length, &e);
	leave(c);
	return blob(saved, length, &e);
}

/* load makes c the coder that another one saved. */
static PyObject *load(Coder *c, PyObject *o, int kind, uint32_t *slot) {
	Py_buffer view;
	ft_error e = {0};
	if (PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) < 0)
		return NULL;
	int failed = enter(c);
	if (!failed) {
		uint32_t h = go->coder_load(kind, view.buf, view.len, &e);
		if (e.code == FT_OK)
			put(slot, kind, h);
		leave(c);
	}
	PyBuffer_Release(&view);
	if (failed)
		return NULL;
	return e.code == FT_OK ? Py_NewRef(Py_None) : raise_error(&e);
}

PyObject *encoder_load(PyObject *self, PyObject *o) {
	return load((Coder *)self, o, FT_ENCODER, &((Coder *)self)->encoder);
}

PyObject *decoder_load(PyObject *self, PyObject *o) {
	return load((Coder *)self, o, FT_DECODER, &((Coder *)self)->decoder);
}

PyObject *coder_seek(PyObject *self, PyObject *o) {
	Coder *c = (Coder *)self;
	Py_buffer view;
	ft_error e;
	uint32_t h;
	int kind;
	if (PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) < 0)
		return NULL;
	int code = enter_any(c, &kind, &h);
	if (code == 0) {
		code = go->seek(kind, h, view.buf, view.len, &e);
		leave(c);
	}
	PyBuffer_Release(&view);
	if (code < 0)
		return NULL;
	if (code != FT_OK)
		return raise_error(&e);
	Py_RETURN_NONE;
}

/* values codes integers under densities: (lo, hi, escape, families, means, scales,
 * weights, values, pop), arrays as contiguous buffers. It returns how many. */
PyObject *coder_values(PyObject *self, PyObject *args) {
	Coder *c = (Coder *)self;
	Py_buffer families, means, scales, weights, all;
	long long lo, hi;
	int escape, pop;
	ft_error e = {0};
	uint32_t h;
	int kind;
	int64_t done = -1;
	if (!PyArg_ParseTuple(args, "LLpy*y*y*y*w*p", &lo, &hi, &escape, &families, &means, &scales, &weights, &all, &pop))
		return NULL;
	ft_family f = {lo, hi, escape, (int32_t)(families.len / 4), all.len / 8, families.buf, means.buf, scales.buf, weights.buf};
	Py_ssize_t size = f.parts * f.count * 8;
	if (means.len != size || scales.len != size || weights.len != size) {
		PyErr_SetString(PyExc_ValueError, "the arrays of means, scales and weights have other sizes than the values");
	} else if (enter_any(c, &kind, &h) == 0) {
		Caller to;
		if (size >= RELEASE_AT)
			work(&to, NULL, NULL);
		else
			work_held(&to);
		done = go->values(&to.to, pop ? -kind : kind, h, &f, all.buf, &e);
		if (size >= RELEASE_AT)
			worked(&to);
		leave(c);
	}
	PyBuffer_Release(&families);
	PyBuffer_Release(&means);
	PyBuffer_Release(&scales);
	PyBuffer_Release(&weights);
	PyBuffer_Release(&all);
	if (e.code != FT_OK)
		return raise_error(&e);
	return done < 0 ? NULL : PyLong_FromLongLong(done);
}
