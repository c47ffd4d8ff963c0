/* Networks: what _model.py needs of Go. Arrays have been made contiguous there, and of
 * the size that Go expects. */
#include "native.h"

/* A Network may serve several threads at once. */
typedef struct {
	PyObject_HEAD
	uint32_t h;
} Network;

/* Streams are for one thread at a time. */
typedef struct {
	PyObject_HEAD
	uint32_t h;
	atomic_int busy;
} Streams;

static int have(uint32_t h) {
	if (ready() < 0)
		return -1;
	if (h != 0)
		return 0;
	PyErr_SetString(PyExc_ValueError, "the model was not initialised");
	return -1;
}

static void release(PyObject *self, int kind, uint32_t h) {
	PyTypeObject *type = Py_TYPE(self);
	if (h != 0 && usable())
		go->release(kind, h);
	freefunc free_self = (freefunc)PyType_GetSlot(type, Py_tp_free);
	free_self(self);
	Py_DECREF((PyObject *)type);
}

/* An O& converter of (window, sinks, positions, workers, max_memory). */
static int running(PyObject *tuple, void *to) {
	ft_running *r = to;
	long long window, sinks, positions, workers, memory;
	if (!PyArg_ParseTuple(tuple, "LLLLL", &window, &sinks, &positions, &workers, &memory))
		return 0;
	*r = (ft_running){window, sinks, positions, workers, memory};
	return 1;
}

/* done ends a call from one array to another: code is Go's, or -1 after an error here. */
static PyObject *done(Py_buffer *from, Py_buffer *to, int code, ft_error *e) {
	PyBuffer_Release(from);
	PyBuffer_Release(to);
	if (code < 0)
		return NULL;
	return code == FT_OK ? Py_NewRef(Py_None) : raise_error(e);
}

static int network_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	Network *n = (Network *)self;
	const char *path;
	long long memory;
	ft_error e = {0};
	(void)kwargs;
	if (!PyArg_ParseTuple(args, "yL", &path, &memory) || ready() < 0)
		return -1;
	if (n->h != 0) {
		PyErr_SetString(PyExc_ValueError, "the model is open already");
		return -1;
	}
	Caller to;
	work(&to, NULL, NULL);
	uint32_t h = go->network_new(&to.to, (char *)path, memory, &e);
	worked(&to);
	if (e.code != FT_OK) {
		raise_error(&e);
		return -1;
	}
	n->h = h;
	return 0;
}

static PyObject *network_info(PyObject *self, PyObject *unused) {
	Network *n = (Network *)self;
	int64_t length;
	ft_error e = {0};
	(void)unused;
	if (have(n->h) < 0)
		return NULL;
	uint32_t h = go->network_info(n->h, &length, &e);
	return blob(h, length, &e);
}

static PyObject *network_hash(PyObject *self, PyObject *unused) {
	Network *n = (Network *)self;
	char hash[32];
	ft_error e = {0};
	(void)unused;
	if (have(n->h) < 0)
		return NULL;
	PyThreadState *state = PyEval_SaveThread();
	int code = go->network_hash(n->h, hash, &e);
	PyEval_RestoreThread(state);
	return code == FT_OK ? PyBytes_FromStringAndSize(hash, sizeof hash) : raise_error(&e);
}

static PyObject *network_logits(PyObject *self, PyObject *args) {
	Network *n = (Network *)self;
	ft_running how;
	long long count, each;
	Py_buffer tokens, out;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "O&LLy*w*", running, &how, &count, &each, &tokens, &out))
		return NULL;
	int code = have(n->h);
	if (code == 0) {
		Caller to;
		work(&to, NULL, NULL);
		code = go->network_logits(&to.to, n->h, &how, tokens.buf, count, each, out.buf, &e);
		worked(&to);
	}
	return done(&tokens, &out, code, &e);
}

static PyObject *network_frame(PyObject *self, PyObject *args) {
	Network *n = (Network *)self;
	long long workers;
	Py_buffer tokens, out;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "Ly*w*", &workers, &tokens, &out))
		return NULL;
	int code = have(n->h);
	if (code == 0) {
		PyThreadState *state = PyEval_SaveThread();
		code = go->network_frame(n->h, workers, tokens.buf, tokens.len / 4, out.buf, &e);
		PyEval_RestoreThread(state);
	}
	return done(&tokens, &out, code, &e);
}

/* convert is encode, or decode. */
static PyObject *convert(PyObject *self, PyObject *args, int decode) {
	Network *n = (Network *)self;
	Py_buffer data;
	int64_t length;
	ft_error e = {0};
	uint32_t h = 0;
	if (!PyArg_ParseTuple(args, "y*", &data))
		return NULL;
	int failed = have(n->h);
	if (!failed) {
		Caller to;
		work(&to, NULL, NULL);
		if (decode)
			h = go->network_decode(&to.to, n->h, data.buf, data.len / 4, &length, &e);
		else
			h = go->network_encode(&to.to, n->h, data.buf, data.len, &length, &e);
		worked(&to);
	}
	PyBuffer_Release(&data);
	return failed ? NULL : blob(h, length, &e);
}

static PyObject *network_encode(PyObject *self, PyObject *args) {
	return convert(self, args, 0);
}

static PyObject *network_decode(PyObject *self, PyObject *args) {
	return convert(self, args, 1);
}

static void network_free(PyObject *self) {
	release(self, FT_NETWORK, ((Network *)self)->h);
}

/* network_streams returns n streams under the network. */
static PyObject *network_streams(PyObject *self, PyObject *args) {
	Network *n = (Network *)self;
	long long count;
	ft_running how;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "LO&", &count, running, &how) || have(n->h) < 0)
		return NULL;
	PyObject *native = PyImport_ImportModule("foretell._native");
	PyObject *made = native ? PyObject_CallMethod(native, "Streams", NULL) : NULL;
	Py_XDECREF(native);
	if (made == NULL)
		return NULL;
	PyThreadState *state = PyEval_SaveThread();
	uint32_t h = go->streams_new(n->h, count, &how, &e);
	PyEval_RestoreThread(state);
	if (e.code != FT_OK) {
		Py_DECREF(made);
		return raise_error(&e);
	}
	((Streams *)made)->h = h;
	return made;
}

static PyMethodDef network_methods[] = {
	{"info", network_info, METH_NOARGS, NULL},
	{"hash", network_hash, METH_NOARGS, NULL},
	{"logits", network_logits, METH_VARARGS, NULL},
	{"frame", network_frame, METH_VARARGS, NULL},
	{"encode", network_encode, METH_VARARGS, NULL},
	{"decode", network_decode, METH_VARARGS, NULL},
	{"streams", network_streams, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot network_slots[] = {
	{Py_tp_new, PyType_GenericNew}, {Py_tp_init, network_init}, {Py_tp_dealloc, network_free}, {Py_tp_methods, network_methods}, {0, NULL},
};

int network_of(PyObject *o, void *h) {
	*(uint32_t *)h = 0;
	if (Py_IsNone(o))
		return 1;
	if (PyType_GetSlot(Py_TYPE(o), Py_tp_dealloc) != (void *)network_free) {
		PyErr_SetString(PyExc_TypeError, "a model is a name, a path or a foretell.Model");
		return 0;
	}
	*(uint32_t *)h = ((Network *)o)->h;
	return have(((Network *)o)->h) == 0;
}

PyType_Spec network_spec = {"foretell._native.Network", sizeof(Network), 0, Py_TPFLAGS_DEFAULT, network_slots};


/* enter_streams marks streams as in use. */
static int enter_streams(Streams *s) {
	if (have(s->h) < 0)
		return -1;
	if (atomic_exchange_explicit(&s->busy, 1, memory_order_acquire))
		return busy_error();
	return 0;
}

static void leave_streams(Streams *s) {
	atomic_store_explicit(&s->busy, 0, memory_order_release);
}

static PyObject *streams_step(PyObject *self, PyObject *args) {
	Streams *s = (Streams *)self;
	Py_buffer tokens, out;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "y*w*", &tokens, &out))
		return NULL;
	int code = enter_streams(s);
	if (code == 0) {
		PyThreadState *state = PyEval_SaveThread();
		code = go->streams_step(s->h, tokens.buf, tokens.len / 4, out.buf, &e);
		PyEval_RestoreThread(state);
		leave_streams(s);
	}
	return done(&tokens, &out, code, &e);
}

static PyObject *streams_reset(PyObject *self, PyObject *unused) {
	Streams *s = (Streams *)self;
	(void)unused;
	if (enter_streams(s) < 0)
		return NULL;
	go->streams_reset(s->h);
	leave_streams(s);
	Py_RETURN_NONE;
}

static void streams_free(PyObject *self) {
	release(self, FT_STREAMS, ((Streams *)self)->h);
}

static PyMethodDef streams_methods[] = {
	{"step", streams_step, METH_VARARGS, NULL},
	{"reset", streams_reset, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot streams_slots[] = {
	{Py_tp_new, PyType_GenericNew}, {Py_tp_dealloc, streams_free}, {Py_tp_methods, streams_methods}, {0, NULL},
};

PyType_Spec streams_spec = {"foretell._native.Streams", sizeof(Streams), 0, Py_TPFLAGS_DEFAULT, streams_slots};
