/* DistributionCoder, the drop-in for the package distribution-coder. */
#include "native.h"

/* renew makes sure that there is an encoder. */
static int renew(Coder *c) {
	ft_error e = {0};
	if (enter(c) < 0)
		return -1;
	if (c->encoder == 0)
		c->encoder = go->encoder_new(0, 0, NULL, 0, -1, 0, &e);
	leave(c);
	return e.code == FT_OK ? 0 : (raise_error(&e), -1);
}

static PyObject *encode_step(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"distribution", "symbol", NULL};
	PyObject *in[2] = {0};
	if (arguments("encode_step", args, nargs, kwnames, names, 2, 2, in) < 0)
		return NULL;
	if (((Coder *)self)->encoder == 0 && renew((Coder *)self) < 0)
		return NULL;
	return encode_one((Coder *)self, in[0], in[1], FT_PROBABILITIES);
}

static PyObject *finish_encoding(PyObject *self, PyObject *unused) {
	Coder *c = (Coder *)self;
	if (renew(c) < 0)
		return NULL;
	PyObject *bytes = finish_coder(self, unused);
	if (bytes != NULL)
		put(&c->encoder, FT_ENCODER, 0);
	return bytes;
}

static PyObject *start_decoding(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"input_bytes", NULL};
	Coder *c = (Coder *)self;
	PyObject *in[1] = {0};
	Py_buffer view;
	ft_error e = {0};
	if (arguments("start_decoding", args, nargs, kwnames, names, 1, 1, in) < 0 || PyObject_GetBuffer(in[0], &view, PyBUF_SIMPLE) < 0)
		return NULL;
	int failed = enter(c);
	if (!failed) {
		uint32_t h = go->decoder_new(view.buf, view.len, 0, 0, NULL, 0, -1, 0, &e);
		if (e.code == FT_OK)
			put(&c->decoder, FT_DECODER, h);
		leave(c);
	}
	PyBuffer_Release(&view);
	if (failed)
		return NULL;
	if (e.code != FT_OK)
		return raise_error(&e);
	Py_RETURN_NONE;
}

static PyObject *decode_step(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames) {
	static const char *const names[] = {"distribution", NULL};
	PyObject *in[1] = {0};
	Array a;
	if (arguments("decode_step", args, nargs, kwnames, names, 1, 1, in) < 0)
		return NULL;
	if (((Coder *)self)->decoder == 0) {
		PyErr_SetString(PyExc_ValueError, "nothing to decode: start_decoding comes first");
		return NULL;
	}
	if (array_row(&a, in[0]) < 0)
		return NULL;
	return decode_row((Coder *)self, &a, FT_PROBABILITIES);
}

static PyMethodDef distribution_coder_methods[] = {
	{"encode_step", VECTOR_METHOD(encode_step), METH_FASTCALL | METH_KEYWORDS,
	 "encode_step($self, distribution, symbol)\n--\n\n"
	 "Code a symbol of 0..V-1 under a distribution: an array or list of V probabilities,\n"
	 "whose sum need not be 1. Raises DistributionError and SymbolError, which change\n"
	 "nothing."},
	{"finish_encoding", finish_encoding, METH_NOARGS,
	 "finish_encoding($self)\n--\n\nReturn the bytes of what was encoded. Another stream can begin afterwards."},
	{"start_decoding", VECTOR_METHOD(start_decoding), METH_FASTCALL | METH_KEYWORDS,
	 "start_decoding($self, input_bytes)\n--\n\nBegin to decode what finish_encoding returned."},
	{"decode_step", VECTOR_METHOD(decode_step), METH_FASTCALL | METH_KEYWORDS,
	 "decode_step($self, distribution)\n--\n\n"
	 "Return the next symbol, coded under a distribution equal to this one. Raises\n"
	 "DistributionError, which changes nothing, CorruptError and TruncatedError."},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot distribution_coder_slots[] = {
	{Py_tp_new, coder_new}, {Py_tp_dealloc, coder_free}, {Py_tp_methods, distribution_coder_methods},
	{Py_tp_doc, "DistributionCoder()\n--\n\n"
	 "An encoder and a decoder of symbols under probability distributions, with the\n"
	 "interface of the package distribution-coder. Encoder and Decoder can do more."},
	{0, NULL},
};

PyType_Spec distribution_coder_spec = {"foretell.DistributionCoder", sizeof(Coder), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, distribution_coder_slots};
