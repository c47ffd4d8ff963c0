/* Stack: rANS. */
#include "native.h"

static int stack_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	static char *names[] = {"data", NULL};
	Coder *c = (Coder *)self;
	Py_buffer data = {0};
	ft_error e = {0};
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|y*:Stack", names, &data))
		return -1;
	if (enter(c) == 0) {
		uint32_t h = go->stack_new(data.buf, data.len, &e);
		if (e.code == FT_OK)
			put(&c->stack, FT_STACK, h);
		leave(c);
	}
	if (data.obj)
		PyBuffer_Release(&data);
	if (e.code != FT_OK)
		raise_error(&e);
	return PyErr_Occurred() ? -1 : 0;
}

/* stack_step pushes *symbol, or pops one to it if it is below zero. */
static int stack_step(Coder *c, PyObject *probs, int form, int64_t *symbol, PyObject *given) {
	Array a;
	ft_error e = {0};
	int32_t code = -1;
	if (array_row(&a, probs) < 0)
		return -1;
	if (enter_with(c, &c->stack) == 0) {
		void *p = row(c, &a, 0);
		if (p != NULL)
			RUN(a.shape[0] * a.size, code = go->stack_step(c->stack, form, a.type, p, a.shape[0], symbol, &e));
		leave(c);
	}
	array_free(&a);
	if (code > FT_OK)
		raise_symbol(&e, given);
	return code;
}

static PyObject *push(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"probs", "symbol", "logits", NULL};
	PyObject *in[3] = {0};
	uint32_t symbol;
	int f;
	if (arguments("push", args, nargs, kwnames, names, 2, 2, in) < 0 || (f = form_of(in[2])) < 0 || symbol_get(in[1], &symbol) < 0)
		return NULL;
	int64_t s = symbol;
	if (stack_step((Coder *)self, in[0], f, &s, in[1]) != FT_OK)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *pop(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"probs", "logits", NULL};
	PyObject *in[2] = {0};
	int64_t symbol = -1;
	int f;
	if (arguments("pop", args, nargs, kwnames, names, 1, 1, in) < 0 || (f = form_of(in[1])) < 0)
		return NULL;
	if (stack_step((Coder *)self, in[0], f, &symbol, NULL) != FT_OK)
		return NULL;
	return PyLong_FromLongLong(symbol);
}

/* stack_bytes pushes or pops bytes. */
static int stack_bytes(Coder *c, int take, void *p, Py_ssize_t n) {
	ft_error e;
	if (enter_with(c, &c->stack) < 0)
		return -1;
	int32_t code = go->stack_bytes(c->stack, take, p, n, &e);
	leave(c);
	if (code > FT_OK)
		raise_error(&e);
	return code;
}

static PyObject *push_bytes(PyObject *self, PyObject *o) {
	Py_buffer view;
	if (PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) < 0)
		return NULL;
	int code = stack_bytes((Coder *)self, 0, view.buf, view.len);
	PyBuffer_Release(&view);
	if (code != FT_OK)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *pop_bytes(PyObject *self, PyObject *o) {
	Py_ssize_t n = PyNumber_AsSsize_t(o, PyExc_OverflowError);
	if (n == -1 && PyErr_Occurred())
		return NULL;
	if (n < 0) {
		PyErr_SetString(PyExc_ValueError, "a negative number of bytes");
		return NULL;
	}
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, n);
	if (bytes && stack_bytes((Coder *)self, 1, PyBytes_AsString(bytes), n) != FT_OK)
		Py_CLEAR(bytes);
	return bytes;
}

static PyObject *to_bytes(PyObject *self, PyObject *unused) {
	Coder *c = (Coder *)self;
	(void)unused;
	int64_t length;
	ft_error e = {0};
	if (enter_with(c, &c->stack) < 0)
		return NULL;
	uint32_t blob = go->stack_dump(c->stack, &length, &e);
	leave(c);
	return e.code == FT_OK ? take_bytes(blob, length) : raise_error(&e);
}

static Py_ssize_t stack_length(PyObject *self) {
	Coder *c = (Coder *)self;
	if (enter_with(c, &c->stack) < 0)
		return -1;
	Py_ssize_t n = go->stack_length(c->stack);
	leave(c);
	return n;
}

static PyObject *push_topk(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	return put_sparse("push_topk", self, FT_STACK, args, nargs, kwnames);
}

static PyObject *pop_topk(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	return get_sparse("pop_topk", self, FT_STACK, args, nargs, kwnames);
}

static PyMethodDef stack_methods[] = {
	{"push", VECTOR_METHOD(push), METH_FASTCALL | METH_KEYWORDS,
	 "push($self, probs, symbol, *, logits=False)\n--\n\n"
	 "Put a symbol on the stack under probs, of shape (V,), as in Encoder.encode.\n"
	 "Raises DistributionError and SymbolError, which leave the stack as it was."},
	{"pop", VECTOR_METHOD(pop), METH_FASTCALL | METH_KEYWORDS,
	 "pop($self, probs, *, logits=False)\n--\n\n"
	 "Take the symbol off that is on top of the stack, pushed under probs.\n"
	 "Raises DistributionError, and TruncatedError where the stack holds too little."},
	{"push_topk", VECTOR_METHOD(push_topk), METH_FASTCALL | METH_KEYWORDS,
	 "push_topk($self, ids, probs, symbol, *, size, tail=None, logs=False)\n--\n\nPush under the arguments of Encoder.encode_topk."},
	{"pop_topk", VECTOR_METHOD(pop_topk), METH_FASTCALL | METH_KEYWORDS,
	 "pop_topk($self, ids, probs, *, size, tail=None, logs=False)\n--\n\nPop what push_topk pushed."},
	{"push_bytes", push_bytes, METH_O,
	 "push_bytes($self, data)\n--\n\nPush bytes as they are: the information that bits-back coding begins with."},
	{"pop_bytes", pop_bytes, METH_O, "pop_bytes($self, n)\n--\n\nPop n bytes that push_bytes pushed."},
	{"tobytes", to_bytes, METH_NOARGS, "tobytes($self)\n--\n\nReturn the stack's bytes, of which Stack(data) makes it again."},
	{"position", coder_position, METH_NOARGS, "position($self)\n--\n\nReturn the place that the stack is at, as bytes."},
	{"seek", coder_seek, METH_O, "seek($self, position)\n--\n\nMove to a position that the stack was at and has grown from since, in constant time."},
	{"_values", coder_values, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot stack_slots[] = {
	{Py_tp_new, coder_new}, {Py_tp_init, stack_init}, {Py_tp_dealloc, coder_free}, {Py_tp_methods, stack_methods},
	{Py_sq_length, stack_length}, {0, NULL},
};

PyType_Spec stack_spec = {"foretell._native.Stack", sizeof(Coder), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, stack_slots};
