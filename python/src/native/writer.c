/* Files that are written: what _writer.py needs of Go. */
#include "native.h"

/* A Writer is for one thread at a time. */
typedef struct {
	PyObject_HEAD
	uint32_t h;
	atomic_int busy;
	PyObject *file, *progress, *external; /* functions, or NULL */
} Writer;

/* writer_init begins a file: (path, how, progress), or with a function for the path one
 * whose bytes it writes. */
static int writer_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	Writer *w = (Writer *)self;
	PyObject *to, *progress;
	ft_writing how;
	ft_error e = {0};
	(void)kwargs;
	if (!PyArg_ParseTuple(args, "OO&O", &to, writing, &how, &progress) || ready() < 0)
		return -1;
	char *path = NULL;
	if (PyBytes_Check(to) && PyBytes_AsStringAndSize(to, &path, NULL) < 0)
		return -1;
	if (w->h != 0) {
		PyErr_SetString(PyExc_ValueError, "the file is open already");
		return -1;
	}
	Caller by;
	work(&by, NULL, to);
	uint32_t h = go->writer_new(&by.to, path, &how, &e);
	worked(&by);
	if (e.code != FT_OK) {
		raise_error(&e);
		return -1;
	}
	w->h = h;
	if (path == NULL)
		w->file = Py_NewRef(to);
	if (progress != Py_None)
		w->progress = Py_NewRef(progress);
	w->external = Py_XNewRef(how.external.model);
	return 0;
}

/* begin_call makes a call of the writer's. */
static int begin_call(Writer *w, Caller *by) {
	if (ready() < 0)
		return -1;
	if (atomic_exchange_explicit(&w->busy, 1, memory_order_acquire))
		return busy_error();
	if (w->h == 0) {
		atomic_store_explicit(&w->busy, 0, memory_order_release);
		PyErr_SetString(PyExc_ValueError, "the file is closed");
		return -1;
	}
	work(by, w->progress, w->file);
	return 0;
}

static PyObject *end_call(Writer *w, Caller *by, int code, ft_error *e) {
	worked(by);
	atomic_store_explicit(&w->busy, 0, memory_order_release);
	return code == FT_OK ? Py_NewRef(Py_None) : raise_error(e);
}

#define MAX_RANK 64

/* axes reads a shape. */
static int axes(PyObject *shape, int64_t *to) {
	Py_ssize_t rank = PyTuple_Size(shape);
	if (rank > MAX_RANK) {
		PyErr_SetString(PyExc_ValueError, "an array of more than 64 axes");
		return -1;
	}
	for (Py_ssize_t i = 0; i < rank; i++)
		to[i] = PyLong_AsLongLong(PyTuple_GetItem(shape, i));
	return PyErr_Occurred() ? -1 : (int)rank;
}

/* add writes an array: (name, type, shape, elements). */
static PyObject *add(PyObject *self, PyObject *args) {
	Writer *w = (Writer *)self;
	const char *name, *type;
	PyObject *shape, *result = NULL;
	Py_buffer data;
	int64_t to[MAX_RANK];
	Caller by;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "ssO!y*", &name, &type, &PyTuple_Type, &shape, &data))
		return NULL;
	int rank = axes(shape, to);
	if (rank >= 0 && begin_call(w, &by) == 0) {
		int code = go->writer_add(&by.to, w->h, (char *)name, (char *)type, rank, to, data.buf, &e);
		result = end_call(w, &by, code, &e);
	}
	PyBuffer_Release(&data);
	return result;
}

/* begin begins an array that is appended to: (name, type, shape of a row). */
static PyObject *begin(PyObject *self, PyObject *args) {
	Writer *w = (Writer *)self;
	const char *name, *type;
	PyObject *shape;
	int64_t to[MAX_RANK];
	Caller by;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "ssO!", &name, &type, &PyTuple_Type, &shape))
		return NULL;
	int rank = axes(shape, to);
	if (rank < 0 || begin_call(w, &by) < 0)
		return NULL;
	return end_call(w, &by, go->writer_begin(&by.to, w->h, (char *)name, (char *)type, rank, to, &e), &e);
}

static PyObject *append(PyObject *self, PyObject *args) {
	Writer *w = (Writer *)self;
	Py_buffer data;
	PyObject *result = NULL;
	Caller by;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "y*", &data))
		return NULL;
	if (begin_call(w, &by) == 0) {
		int code = go->writer_append(&by.to, w->h, data.buf, data.len, &e);
		result = end_call(w, &by, code, &e);
	}
	PyBuffer_Release(&data);
	return result;
}

static PyObject *end(PyObject *self, PyObject *unused) {
	Writer *w = (Writer *)self;
	Caller by;
	ft_error e = {0};
	(void)unused;
	if (begin_call(w, &by) < 0)
		return NULL;
	return end_call(w, &by, go->writer_end(&by.to, w->h, &e), &e);
}

/* close_file completes the file if whole is true, and else removes what there is. */
static PyObject *close_file(PyObject *self, PyObject *args) {
	Writer *w = (Writer *)self;
	int whole;
	Caller by;
	ft_error e = {0};
	if (!PyArg_ParseTuple(args, "p", &whole))
		return NULL;
	if (begin_call(w, &by) < 0)
		return NULL;
	int code = go->writer_close(&by.to, w->h, whole, &e);
	w->h = 0;
	return end_call(w, &by, code, &e);
}

static void writer_free(PyObject *self) {
	Writer *w = (Writer *)self;
	PyTypeObject *type = Py_TYPE(self);
	if (w->h != 0 && usable())
		go->release(FT_WRITER, w->h);
	Py_XDECREF(w->file);
	Py_XDECREF(w->progress);
	Py_XDECREF(w->external);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF((PyObject *)type);
}

static PyMethodDef writer_methods[] = {
	{"add", add, METH_VARARGS, NULL},
	{"begin", begin, METH_VARARGS, NULL},
	{"append", append, METH_VARARGS, NULL},
	{"end", end, METH_NOARGS, NULL},
	{"close", close_file, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot writer_slots[] = {
	{Py_tp_new, PyType_GenericNew}, {Py_tp_init, writer_init}, {Py_tp_dealloc, writer_free}, {Py_tp_methods, writer_methods}, {0, NULL},
};

PyType_Spec writer_spec = {"foretell._native.Writer", sizeof(Writer), 0, Py_TPFLAGS_DEFAULT, writer_slots};
