/* Encoder and Decoder. */
#include "native.h"

PyObject *encode_one(Coder *c, PyObject *probs, PyObject *o, int form) {
	Array a;
	uint32_t symbol;
	ft_error e;
	int32_t code = -1;
	if (symbol_get(o, &symbol) < 0 || array_row(&a, probs) < 0)
		return NULL;
	if (enter_with(c, &c->encoder) < 0) {
		array_free(&a);
		return NULL;
	}
	void *p = row(c, &a, 0);
	if (p != NULL)
		RUN(a.shape[0] * a.size, code = go->encode(c->encoder, form, a.type, p, a.shape[0], symbol, &e));
	leave(c);
	array_free(&a);
	if (p == NULL)
		return NULL;
	if (code != FT_OK)
		return raise_symbol(&e, o);
	Py_RETURN_NONE;
}

PyObject *decode_row(Coder *c, Array *a, int form) {
	ft_error e;
	int64_t symbol = -1;
	if (enter_with(c, &c->decoder) < 0) {
		array_free(a);
		return NULL;
	}
	void *p = row(c, a, 0);
	if (p != NULL)
		RUN(a->shape[0] * a->size, symbol = go->decode(c->decoder, form, a->type, p, a->shape[0], &e));
	leave(c);
	array_free(a);
	if (p == NULL)
		return NULL;
	return symbol < 0 ? raise_error(&e) : PyLong_FromLongLong(symbol);
}

/* Matrices that have to be copied are, so many bytes at a time. Between pieces of
 * others a signal, such as that of Control-C, is heard. */
#define COPIED (1 << 20)
#define PIECE (16 << 20)

/* signals handles signals while other threads may run, and returns whether a handler
 * raised an error. */
static int signals(PyThreadState **save) {
	PyEval_RestoreThread(*save);
	int raised = PyErr_CheckSignals();
	*save = PyEval_SaveThread();
	return raised;
}

/* code_rows codes n symbols under the rows of a, or all under a if it is one row:
 * encodes symbols if they are not NULL, else decodes to out. It returns how many it
 * coded; fewer than n mean an error, that of e unless one is set. */
static int64_t code_rows(Coder *c, const Array *a, int form, const uint32_t *symbols, int64_t *out, int64_t n, ft_error *e) {
	Py_ssize_t v = a->shape[a->ndim - 1], bytes = v * a->size;
	Py_ssize_t step = PIECE / (a->ndim == 2 ? bytes + 256 : bytes / 4 + 64) + 1, stride = a->ndim == 2 ? a->strides[0] : 0;
	int copy = !in_place(a);
	int64_t done = 0;
	char *p = a->data;
	if (copy) {
		if (a->ndim == 2)
			step = COPIED / Py_MAX(bytes, 1) + 1;
		if ((p = scratch(c, bytes * Py_MIN(a->ndim == 2 ? step : 1, n))) == NULL)
			return 0;
		stride = a->ndim == 2 ? bytes : 0;
	}
	PyThreadState *save = n >= RELEASE_AT / (bytes + 256) ? PyEval_SaveThread() : NULL;
	while (done < n) {
		int64_t part = Py_MIN(step, n - done), got;
		char *at = p + (copy ? 0 : done * stride);
		if (save != NULL && done > 0 && signals(&save) < 0)
			break;
		if (copy)
			gather(a, a->ndim == 1 ? 0 : done, a->ndim == 1 ? 1 : done + part, p);
		if (symbols)
			got = go->encode_rows(c->encoder, form, a->type, at, v, stride, (uint32_t *)symbols + done, part, e);
		else
			got = go->decode_rows(c->decoder, form, a->type, at, v, stride, out + done, part, e);
		if (got < part) {
			e->row += done;
			done += got;
			break;
		}
		done += got;
	}
	if (save != NULL)
		PyEval_RestoreThread(save);
	return done;
}

/* heard hears signals before some rows of a list, and returns whether a handler raised an
 * error. */
static int heard(Py_ssize_t i) {
	return i % 256 == 255 ? PyErr_CheckSignals() : 0;
}

/* encode_list codes symbols under a list of rows. */
static int encode_list(Coder *c, PyObject *rows, const Symbols *s, PyObject *o, int form) {
	for (Py_ssize_t i = 0; i < s->n; i++) {
		Array a;
		ft_error e;
		int64_t got = -1;
		PyObject *r = heard(i) < 0 ? NULL : PySequence_GetItem(rows, i);
		if (r != NULL && array_row(&a, r) == 0) {
			if (enter_with(c, &c->encoder) == 0) {
				got = code_rows(c, &a, form, s->all + i, NULL, 1, &e);
				leave(c);
			}
			array_free(&a);
		}
		Py_XDECREF(r);
		if (got == 0 && !PyErr_Occurred()) {
			e.row += i;
			raise_item(&e, o, i);
		}
		if (got < 1)
			return -1;
	}
	return 0;
}

static PyObject *encode_many(Coder *c, PyObject *probs, PyObject *o, int form) {
	Symbols s;
	Array a;
	ft_error e;
	int64_t got = -1;
	if (is_rows(probs)) {
		if (symbols_get(&s, o, PySequence_Size(probs), "rows") < 0)
			return NULL;
		int failed = encode_list(c, probs, &s, o, form);
		symbols_free(&s);
		if (failed)
			return NULL;
		Py_RETURN_NONE;
	}
	if (array_get(&a, probs, 2) < 0)
		return NULL;
	if (symbols_get(&s, o, a.ndim == 2 ? a.shape[0] : -1, "rows") < 0) {
		array_free(&a);
		return NULL;
	}
	Py_ssize_t n = s.n;
	if (array_floats(&a) == 0) {
		if (enter_with(c, &c->encoder) == 0) {
			got = code_rows(c, &a, form, s.all, NULL, n, &e);
			leave(c);
		}
		array_free(&a);
	}
	symbols_free(&s);
	if (got >= 0 && got < n && !PyErr_Occurred())
		raise_item(&e, o, e.row);
	if (got != n)
		return NULL;
	Py_RETURN_NONE;
}

void hand_over(PyObject *symbols, Py_ssize_t n) {
	PyObject *type, *error, *trace;
	PyErr_Fetch(&type, &error, &trace);
	PyErr_NormalizeException(&type, &error, &trace);
	PyObject *part = PySequence_GetSlice(symbols, 0, n);
	if (part == NULL || PyObject_SetAttrString(error, "symbols", part) < 0)
		PyErr_Clear();
	Py_XDECREF(part);
	PyErr_Restore(type, error, trace);
}

static PyObject *decode_rows(Coder *c, PyObject *list, Py_ssize_t n, int form) {
	ft_error e;
	int64_t *to;
	Py_ssize_t rows = PySequence_Size(list), i = 0;
	if (n < 0)
		n = rows;
	if (n > rows) {
		PyErr_Format(PyExc_ValueError, "%zd rows for %zd symbols", rows, n);
		return NULL;
	}
	PyObject *symbols = new_symbols(n, &to);
	if (symbols == NULL)
		return NULL;
	while (i < n && !PyErr_Occurred()) {
		Array a;
		int64_t got = -1;
		PyObject *r = heard(i) < 0 ? NULL : PySequence_GetItem(list, i);
		if (r != NULL && array_row(&a, r) == 0) {
			if (enter_with(c, &c->decoder) == 0) {
				got = code_rows(c, &a, form, NULL, to + i, 1, &e);
				leave(c);
			}
			array_free(&a);
		}
		Py_XDECREF(r);
		if (got == 0 && !PyErr_Occurred()) {
			e.row += i;
			raise_error(&e);
		} else if (got > 0) {
			i++;
		}
	}
	if (i == n)
		return symbols;
	hand_over(symbols, i);
	Py_DECREF(symbols);
	return NULL;
}

static PyObject *decode_many(Coder *c, Array *a, Py_ssize_t n, int form) {
	ft_error e;
	int64_t *to, got = -1;
	PyObject *symbols = NULL;
	if (n < 0)
		n = a->shape[0];
	if (a->ndim == 2 && n > a->shape[0])
		PyErr_Format(PyExc_ValueError, "%zd rows for %zd symbols", a->shape[0], n);
	else
		symbols = new_symbols(n, &to);
	if (a->ndim == 2)
		a->shape[0] = n;
	if (symbols != NULL && array_floats(a) == 0 && enter_with(c, &c->decoder) == 0) {
		got = code_rows(c, a, form, NULL, to, n, &e);
		leave(c);
	}
	array_free(a);
	if (got == n)
		return symbols;
	if (got >= 0) {
		if (!PyErr_Occurred())
			raise_error(&e);
		hand_over(symbols, got);
	}
	Py_XDECREF(symbols);
	return NULL;
}

static PyObject *encode(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"probs", "symbols", "logits", NULL};
	PyObject *in[3] = {0};
	int f;
	if (arguments("encode", args, nargs, kwnames, names, 2, 2, in) < 0 || (f = form_of(in[2])) < 0)
		return NULL;
	if (!PyLong_Check(in[1])) {
		if (PyObject_Size(in[1]) >= 0 || PyIter_Check(in[1]))
			return encode_many((Coder *)self, in[0], in[1], f);
		PyErr_Clear();
	}
	return encode_one((Coder *)self, in[0], in[1], f);
}

static PyObject *decode(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"probs", "n", "logits", NULL};
	PyObject *in[3] = {0};
	Array a;
	Py_ssize_t n = -1;
	int f;
	if (arguments("decode", args, nargs, kwnames, names, 2, 1, in) < 0 || (f = form_of(in[2])) < 0)
		return NULL;
	if (in[1] != NULL && in[1] != Py_None) {
		n = PyNumber_AsSsize_t(in[1], PyExc_OverflowError);
		if (n < 0) {
			if (!PyErr_Occurred())
				PyErr_SetString(PyExc_ValueError, "a negative number of symbols");
			return NULL;
		}
	}
	if (is_rows(in[0]))
		return decode_rows((Coder *)self, in[0], n, f);
	if (array_get(&a, in[0], 2) < 0)
		return NULL;
	if (a.ndim == 1 && n < 0)
		return array_floats(&a) < 0 ? NULL : decode_row((Coder *)self, &a, f);
	return decode_many((Coder *)self, &a, n, f);
}

/* decode_step decodes one symbol: (probs, logits). */
static PyObject *decode_step(PyObject *self, PyObject *args) {
	PyObject *probs;
	Array a;
	int logits;
	if (!PyArg_ParseTuple(args, "Op", &probs, &logits) || array_row(&a, probs) < 0)
		return NULL;
	return decode_row((Coder *)self, &a, logits);
}

static PyObject *encode_topk(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	return put_sparse("encode_topk", self, FT_ENCODER, args, nargs, kwnames);
}

static PyObject *decode_topk(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	return get_sparse("decode_topk", self, FT_DECODER, args, nargs, kwnames);
}

static int encoder_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	static char *names[] = {"framed", "vocabulary", "model", "guard", "tolerance", NULL};
	Coder *c = (Coder *)self;
	int framed = 0;
	long long vocabulary = 0, guard = -1;
	double tolerance = 0;
	const char *model = "";
	Py_ssize_t size = 0;
	ft_error e = {0};
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$pLy#O&d:Encoder", names, &framed, &vocabulary, &model, &size, guard_of, &guard, &tolerance) || enter(c) < 0)
		return -1;
	uint32_t h = go->encoder_new(framed, vocabulary, (void *)model, size, guard, tolerance, &e);
	if (e.code == FT_OK)
		put(&c->encoder, FT_ENCODER, h);
	leave(c);
	return e.code == FT_OK ? 0 : (raise_error(&e), -1);
}

static int decoder_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	static char *names[] = {"data", "framed", "vocabulary", "model", "guard", "tolerance", NULL};
	Coder *c = (Coder *)self;
	int framed = 0;
	long long vocabulary = 0, guard = -1;
	double tolerance = 0;
	const char *model = "";
	Py_ssize_t size = 0;
	Py_buffer data;
	ft_error e = {0};
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*|$pLy#O&d:Decoder", names, &data, &framed, &vocabulary, &model, &size, guard_of, &guard, &tolerance))
		return -1;
	if (enter(c) == 0) {
		uint32_t h = go->decoder_new(data.buf, data.len, framed, vocabulary, (void *)model, size, guard, tolerance, &e);
		if (e.code == FT_OK)
			put(&c->decoder, FT_DECODER, h);
		leave(c);
	}
	PyBuffer_Release(&data);
	if (e.code != FT_OK)
		raise_error(&e);
	return PyErr_Occurred() ? -1 : 0;
}

#define VECTOR (METH_FASTCALL | METH_KEYWORDS)

static PyMethodDef encoder_methods[] = {
	{"encode", VECTOR_METHOD(encode), VECTOR,
	 "encode($self, probs, symbols, *, logits=False)\n--\n\n"
	 "Code one symbol, or many.\n\n"
	 "probs is the probability of each symbol, an array of shape (V,), or with\n"
	 "logits=True their natural logarithms up to a constant; float16, bfloat16, float32\n"
	 "or float64, which give the same bytes where they are equal as float32. Sums need\n"
	 "not be 1. symbols is an integer of 0..V-1, or a sequence of T of them with probs\n"
	 "of shape (T, V), a row for each, or (V,), the same for all.\n\n"
	 "Raises DistributionError and SymbolError, after which the encoder stands where it\n"
	 "stood, or in a call with many before the row that the error names as row."},
	{"encode_topk", VECTOR_METHOD(encode_topk), VECTOR,
	 "encode_topk($self, ids, probs, symbol, *, size, tail=None, logs=False)\n--\n\n"
	 "Code a symbol of 0..size-1 under the probabilities of some symbols.\n\n"
	 "Symbol ids[i] has probs[i], or with logs=True e to the probs[i]; both have shape\n"
	 "(k,), in any order. All others share the probability tail; None is what the given\n"
	 "ones leave of 1. Raises DistributionError, SymbolError."},
	{"finish", finish_coder, METH_NOARGS,
	 "finish($self)\n--\n\nEnd the stream and return its bytes. Nothing can be coded afterwards."},
	{"position", coder_position, METH_NOARGS, "position($self)\n--\n\nReturn the place where the encoder stands, for Decoder.seek, as bytes."},
	{"_save", coder_save, METH_NOARGS, NULL},
	{"_load", encoder_load, METH_O, NULL},
	{"_values", coder_values, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef decoder_methods[] = {
	{"decode", VECTOR_METHOD(decode), VECTOR,
	 "decode($self, probs, n=None, *, logits=False)\n--\n\n"
	 "Return the next symbol, or many.\n\n"
	 "probs is what encode was given. Of shape (V,) it gives an int, or with n an int64\n"
	 "array of n symbols that are all under it; of shape (T, V) the symbols of its first\n"
	 "n rows, of all by default.\n\n"
	 "Raises DistributionError, after which the decoder stands where it stood; DriftError,\n"
	 "CorruptError, TruncatedError, which are final; EndOfStream where a framed stream\n"
	 "ends. In a call with many, row says which one failed and the error's attribute\n"
	 "symbols holds those before it."},
	{"decode_topk", VECTOR_METHOD(decode_topk), VECTOR,
	 "decode_topk($self, ids, probs, *, size, tail=None, logs=False)\n--\n\n"
	 "Return the next symbol, coded by encode_topk with the same arguments."},
	{"finish", finish_coder, METH_NOARGS,
	 "finish($self)\n--\n\nCheck that the stream ends here: raises CorruptError, TruncatedError or DriftError if it does not."},
	{"position", coder_position, METH_NOARGS, "position($self)\n--\n\nReturn the place where the decoder stands, as bytes."},
	{"_save", coder_save, METH_NOARGS, NULL},
	{"_load", decoder_load, METH_O, NULL},
	{"_decode_row", decode_step, METH_VARARGS, NULL},
	{"seek", coder_seek, METH_O, "seek($self, position)\n--\n\nGo on from a position of this stream, whatever has been met before."},
	{"_values", coder_values, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

#define STAT_FIELDS \
	{"steps", coder_steps, NULL, "Steps so far.", NULL}, \
	{"bits", coder_bits, NULL, "Bits that the stream has taken so far, a fraction included.", NULL}, \
	{"information", coder_information, NULL, "Information content of the symbols so far in bits: the sum of -log2 of their probabilities as coded.", NULL}

static PyGetSetDef encoder_fields[] = {STAT_FIELDS, {NULL, NULL, NULL, NULL, NULL}};

static PyGetSetDef decoder_fields[] = {
	STAT_FIELDS,
	{"drift", coder_drift, NULL, "How near the model's drift has come to the tolerance for certain, as a part of it.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot encoder_slots[] = {
	{Py_tp_new, coder_new}, {Py_tp_init, encoder_init}, {Py_tp_dealloc, coder_free},
	{Py_tp_methods, encoder_methods}, {Py_tp_getset, encoder_fields}, {0, NULL},
};

static PyType_Slot decoder_slots[] = {
	{Py_tp_new, coder_new}, {Py_tp_init, decoder_init}, {Py_tp_dealloc, coder_free},
	{Py_tp_methods, decoder_methods}, {Py_tp_getset, decoder_fields}, {0, NULL},
};

PyType_Spec encoder_spec = {"foretell._native.Encoder", sizeof(Coder), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, encoder_slots};
PyType_Spec decoder_spec = {"foretell._native.Decoder", sizeof(Coder), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, decoder_slots};
