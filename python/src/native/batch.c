/* BatchEncoder and BatchDecoder: streams that advance in lock-step. */
#include "native.h"

/* streams_new returns an array for n streams. */
static uint32_t *streams_new(Py_ssize_t n) {
	uint32_t *many = n > PY_SSIZE_T_MAX / 4 ? NULL : PyMem_Malloc(n ? n * sizeof *many : 1);
	if (many == NULL)
		PyErr_NoMemory();
	return many;
}

/* settle makes the n streams that were made those of c, or drops the first made of
 * them, where not all could be. */
static int settle(Coder *c, int kind, uint32_t *many, Py_ssize_t made, Py_ssize_t n) {
	if (made < n) {
		drop_streams(kind, many, made);
		return -1;
	}
	drop_streams(c->kind, c->many, c->n);
	c->kind = kind;
	c->many = many;
	c->n = n;
	return 0;
}

/* Making many streams takes long: every so many, signals are heard. */
#define interrupted(i) ((i) % 1024 == 1023 && PyErr_CheckSignals() < 0)

static int batch_encoder_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	static char *names[] = {"n", "framed", "vocabulary", "model", "guard", "tolerance", NULL};
	Coder *c = (Coder *)self;
	int framed = 0;
	long long vocabulary = 0, guard = -1;
	double tolerance = 0;
	const char *model = "";
	Py_ssize_t size = 0, n;
	ft_error e = {0};
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "n|$pLy#O&d:BatchEncoder", names, &n, &framed, &vocabulary, &model, &size, guard_of, &guard, &tolerance))
		return -1;
	if (n < 0) {
		PyErr_SetString(PyExc_ValueError, "a negative number of streams");
		return -1;
	}
	if (enter(c) < 0)
		return -1;
	uint32_t *many = streams_new(n);
	Py_ssize_t made = 0;
	while (many && made < n && !interrupted(made)) {
		many[made] = go->encoder_new(framed, vocabulary, (void *)model, size, guard, tolerance, &e);
		if (e.code != FT_OK)
			break;
		made++;
	}
	int failed = many == NULL || settle(c, FT_ENCODER, many, made, n) < 0;
	c->tolerant = tolerance != 0;
	leave(c);
	if (e.code != FT_OK)
		raise_error(&e);
	return -failed;
}

static int batch_decoder_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	static char *names[] = {"streams", "framed", "vocabulary", "model", "guard", "tolerance", NULL};
	Coder *c = (Coder *)self;
	PyObject *streams;
	int framed = 0;
	long long vocabulary = 0, guard = -1;
	double tolerance = 0;
	const char *model = "";
	Py_ssize_t size = 0;
	ft_error e = {0};
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$pLy#O&d:BatchDecoder", names, &streams, &framed, &vocabulary, &model, &size, guard_of, &guard, &tolerance))
		return -1;
	if (PyBytes_Check(streams)) {
		PyErr_SetString(PyExc_TypeError, "streams is a list of bytes, one for each stream");
		return -1;
	}
	PyObject *list = PySequence_List(streams);
	if (list == NULL)
		return -1;
	int failed = enter(c);
	if (!failed) {
		Py_ssize_t n = PyList_Size(list), made = 0;
		uint32_t *many = streams_new(n);
		while (many && made < n && !interrupted(made)) {
			Py_buffer data;
			if (PyObject_GetBuffer(PyList_GetItem(list, made), &data, PyBUF_SIMPLE) < 0)
				break;
			many[made] = go->decoder_new(data.buf, data.len, framed, vocabulary, (void *)model, size, guard, tolerance, &e);
			PyBuffer_Release(&data);
			if (e.code != FT_OK) {
				e.row = made;
				break;
			}
			made++;
		}
		failed = many == NULL || settle(c, FT_DECODER, many, made, n) < 0;
		leave(c);
	}
	Py_DECREF(list);
	if (e.code != FT_OK)
		raise_error(&e);
	return failed ? -1 : 0;
}

/* is_mask tells whether active says yes or no for each stream. */
static int is_mask(PyObject *active) {
	PyObject *what;
	if (PyList_Check(active) || PyTuple_Check(active))
		what = PySequence_Size(active) ? PySequence_GetItem(active, 0) : NULL;
	else
		what = PyObject_GetAttrString(active, "dtype");
	PyErr_Clear();
	PyObject *name = what && !PyBool_Check(what) ? PyObject_Str(what) : NULL;
	int mask = what && PyBool_Check(what);
	if (name && !PyLong_Check(what)) {
		Py_ssize_t n = PyUnicode_GetLength(name);
		PyObject *end = PyUnicode_Substring(name, n > 4 ? n - 4 : 0, n);
		mask = end && PyUnicode_CompareWithASCIIString(end, "bool") == 0;
		Py_XDECREF(end);
	}
	PyErr_Clear();
	Py_XDECREF(name);
	Py_XDECREF(what);
	return mask;
}

/* marked returns the numbers of the streams for which a mask says yes, of n. */
static PyObject *marked(PyObject *mask, Py_ssize_t n) {
	PyObject *list = PySequence_List(mask), *numbers = NULL;
	if (list && PyList_Size(list) != n)
		PyErr_Format(PyExc_ValueError, "a mask of %zd for %zd streams", PyList_Size(list), n);
	else if (list)
		numbers = PyList_New(0);
	for (Py_ssize_t i = 0; numbers && i < n; i++) {
		int yes = PyObject_IsTrue(PyList_GetItem(list, i));
		PyObject *number = yes > 0 ? PyLong_FromSsize_t(i) : NULL;
		if (yes < 0 || (yes && (number == NULL || PyList_Append(numbers, number) < 0)))
			Py_CLEAR(numbers);
		Py_XDECREF(number);
	}
	Py_XDECREF(list);
	return numbers;
}

/* choose_by is choose for a mask. */
static int choose_by(Coder *c, PyObject *mask, Symbols *s, uint32_t **hs, Py_ssize_t *n) {
	PyObject *numbers = marked(mask, c->n);
	int failed = numbers ? choose(c, numbers, s, hs, n) : -1;
	Py_XDECREF(numbers);
	return failed;
}

int choose(Coder *c, PyObject *active, Symbols *s, uint32_t **hs, Py_ssize_t *n) {
	if (active == NULL || active == Py_None) {
		*hs = c->many;
		*n = c->n;
		return 0;
	}
	if (is_mask(active))
		return choose_by(c, active, s, hs, n);
	if (symbols_get(s, active, -1, NULL) < 0)
		return -1;
	for (Py_ssize_t i = 0; i < s->n; i++) {
		if (s->all[i] >= c->n) {
			PyObject *number = PySequence_GetItem(active, i);
			if (number != NULL)
				PyErr_Format(PyExc_IndexError, "stream %S of %zd", number, c->n);
			Py_XDECREF(number);
			return -1;
		}
		s->all[i] = c->many[s->all[i]];
	}
	*hs = s->all;
	*n = s->n;
	return 0;
}

/* matrix makes of probs, a matrix or a list of n rows, contiguous rows at *p. */
static int matrix(Coder *c, PyObject *probs, Py_ssize_t n, Array *a, char **p) {
	if (!is_rows(probs)) {
		if (array_get(a, probs, 2) < 0)
			return -1;
		if (a->ndim != 2 || a->shape[0] != n) {
			PyErr_Format(PyExc_ValueError, "probs is no matrix with a row for each of %zd streams", n);
			array_free(a);
			return -1;
		}
		if (array_floats(a) < 0)
			return -1;
		*p = a->data;
		if (!in_place(a) || (n > 1 && a->strides[0] != a->shape[1] * a->size)) {
			if ((*p = scratch(c, n * a->shape[1] * a->size)) == NULL) {
				array_free(a);
				return -1;
			}
			gather(a, 0, n, *p);
		}
		return 0;
	}
	if (PySequence_Size(probs) != n) {
		PyErr_Format(PyExc_ValueError, "%zd rows for %zd streams", PySequence_Size(probs), n);
		return -1;
	}
	Py_ssize_t v = 0;
	int type = 0;
	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *r = PySequence_GetItem(probs, i);
		int failed = r == NULL || array_row(a, r) < 0;
		Py_XDECREF(r);
		if (failed)
			return -1;
		if (i == 0) {
			type = a->type;
			v = a->shape[0];
			*p = scratch(c, n * v * a->size);
		} else if (type != a->type || v != a->shape[0]) {
			PyErr_Format(PyExc_ValueError, "row %zd has another length or type than those before it", i);
			*p = NULL;
		}
		if (*p != NULL)
			gather(a, 0, 1, *p + i * v * a->size);
		if (*p == NULL || i < n - 1)
			array_free(a);
		if (*p == NULL)
			return -1;
	}
	a->ndim = 2;
	a->shape[0] = n;
	a->shape[1] = v;
	return 0;
}

static PyObject *encode(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"probs", "symbols", "active", "logits", NULL};
	Coder *c = (Coder *)self;
	PyObject *in[4] = {0};
	Symbols s = {0}, chosen = {0};
	Array a;
	ft_error e = {0};
	uint32_t *hs;
	Py_ssize_t n;
	char *p;
	int code = -1;
	if (arguments("encode", args, nargs, kwnames, names, 2, 2, in) < 0)
		return NULL;
	int form = in[3] ? PyObject_IsTrue(in[3]) : FT_PROBABILITIES;
	if (form < 0)
		return NULL;
	PyObject *done = elsewhere(self, in[0], in[1], in[2], form);
	Py_XDECREF(done);
	if (done != Py_None)
		return done ? Py_NewRef(Py_None) : NULL;
	if (enter(c) == 0) {
		if (choose(c, in[2], &chosen, &hs, &n) == 0) {
			if (symbols_get(&s, in[1], n, "streams") < 0)
				code = -1;
			else if (n == 0)
				code = FT_OK;
			else if (matrix(c, in[0], n, &a, &p) == 0) {
				RUN(n * a.shape[1] * a.size, code = go->encode_batch(hs, form, a.type, p, a.shape[1], s.all, n, &e));
				array_free(&a);
			}
		}
		leave(c);
	}
	symbols_free(&s);
	symbols_free(&chosen);
	if (e.code != FT_OK)
		return raise_item(&e, in[1], e.row);
	if (code != FT_OK)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *decode(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"probs", "active", "logits", NULL};
	Coder *c = (Coder *)self;
	PyObject *in[3] = {0}, *symbols = NULL;
	Symbols chosen = {0};
	Array a;
	ft_error e = {0};
	uint32_t *hs;
	int64_t *to;
	Py_ssize_t n = 0;
	char *p;
	int code = -1;
	if (arguments("decode", args, nargs, kwnames, names, 1, 1, in) < 0)
		return NULL;
	int form = in[2] ? PyObject_IsTrue(in[2]) : FT_PROBABILITIES;
	if (form < 0)
		return NULL;
	PyObject *done = elsewhere(self, in[0], NULL, in[1], form);
	if (done != Py_None)
		return done;
	Py_DECREF(done);
	if (enter(c) == 0) {
		if (choose(c, in[1], &chosen, &hs, &n) == 0 && (symbols = new_symbols(n, &to)) != NULL) {
			if (n == 0) {
				code = FT_OK;
			} else if (matrix(c, in[0], n, &a, &p) == 0) {
				RUN(n * a.shape[1] * a.size, code = go->decode_batch(hs, form, a.type, p, a.shape[1], to, n, &e));
				array_free(&a);
			}
		}
		leave(c);
	}
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

static PyObject *finish(PyObject *self, PyObject *unused) {
	Coder *c = (Coder *)self;
	(void)unused;
	ft_error first = {0};
	if (enter(c) < 0)
		return NULL;
	int encodes = c->kind == FT_ENCODER;
	PyObject *all = PyList_New(0);
	for (Py_ssize_t i = 0; all && i < c->n; i++) {
		int64_t length = 0;
		ft_error e = {0};
		uint32_t blob = go->finish(c->kind, c->many[i], &length, &e);
		if (e.code != FT_OK && first.code == FT_OK) {
			first = e;
			first.row = i;
		} else if (e.code != FT_OK) {
			free(e.message);
		} else if (encodes) {
			PyObject *bytes = take_bytes(blob, length);
			if (bytes == NULL || PyList_Append(all, bytes) < 0)
				Py_CLEAR(all);
			Py_XDECREF(bytes);
		}
	}
	leave(c);
	if (first.code == FT_OK && all && encodes)
		return all;
	Py_XDECREF(all);
	if (first.code != FT_OK)
		return PyErr_Occurred() ? (free(first.message), NULL) : raise_error(&first);
	if (all == NULL)
		return NULL;
	Py_RETURN_NONE;
}

static Py_ssize_t length(PyObject *self) {
	return ((Coder *)self)->n;
}

static PyMethodDef encoder_methods[] = {
	{"encode", VECTOR_METHOD(encode), METH_FASTCALL | METH_KEYWORDS,
	 "encode($self, probs, symbols, *, active=None, logits=False)\n--\n\n"
	 "Code one symbol in each stream.\n\n"
	 "probs is a matrix of shape (B, V), or a list of B rows, as in Encoder.encode, and\n"
	 "symbols has B integers. active is a list of the numbers of the streams that take\n"
	 "part, all by default; then B is how many it has. Several threads work on it, or the\n"
	 "GPU on which a megabyte or more of rows lies (foretell.torch).\n\n"
	 "Raises DistributionError and SymbolError with the row; then nothing was coded in\n"
	 "any stream."},
	{"encode_weighed", VECTOR_METHOD(encode_weighed), METH_FASTCALL | METH_KEYWORDS, encode_weighed_doc},
	{"finish", finish, METH_NOARGS, "finish($self)\n--\n\nEnd all streams and return a list of their bytes."},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef decoder_methods[] = {
	{"decode", VECTOR_METHOD(decode), METH_FASTCALL | METH_KEYWORDS,
	 "decode($self, probs, *, active=None, logits=False)\n--\n\n"
	 "Return the next symbol of each stream, an int64 array of shape (B,).\n\n"
	 "The arguments are those of BatchEncoder.encode. If a row is refused or a stream is\n"
	 "damaged or at its end, the error names it as row and no stream moves on: leave it\n"
	 "out of active and call again. Only after a guard's DriftError have all moved on: the\n"
	 "error's attribute symbols is what would have been returned."},
	{"points", VECTOR_METHOD(points), METH_FASTCALL | METH_KEYWORDS, points_doc},
	{"decode_weighed", VECTOR_METHOD(decode_weighed), METH_FASTCALL | METH_KEYWORDS, decode_weighed_doc},
	{"finish", finish, METH_NOARGS, "finish($self)\n--\n\nCheck that all streams end here. The error is that of the first one that does not, its row."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot encoder_slots[] = {
	{Py_tp_new, coder_new}, {Py_tp_init, batch_encoder_init}, {Py_tp_dealloc, coder_free},
	{Py_tp_methods, encoder_methods}, {Py_sq_length, length},
	{Py_tp_doc, "BatchEncoder(n, *, framed=False, vocabulary=0, model=b\"\", guard=None, tolerance=0.0)\n--\n\n"
	 "n encoders that advance in lock-step, as a batched model does. Each of their\n"
	 "streams is one that a Decoder can decode alone. The other arguments are those of\n"
	 "Encoder."},
	{0, NULL},
};

static PyType_Slot decoder_slots[] = {
	{Py_tp_new, coder_new}, {Py_tp_init, batch_decoder_init}, {Py_tp_dealloc, coder_free},
	{Py_tp_methods, decoder_methods}, {Py_sq_length, length},
	{Py_tp_doc, "BatchDecoder(streams, *, framed=False, vocabulary=0, model=b\"\", guard=None, tolerance=0.0)\n--\n\n"
	 "Decoders of a list of streams that advance in lock-step. The other arguments are\n"
	 "those of Decoder."},
	{0, NULL},
};

PyType_Spec batch_encoder_spec = {"foretell.BatchEncoder", sizeof(Coder), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, encoder_slots};
PyType_Spec batch_decoder_spec = {"foretell.BatchDecoder", sizeof(Coder), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, decoder_slots};
