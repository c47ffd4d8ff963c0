/* Files: what _files.py needs of Go. */
#include "native.h"

#include <string.h>

/* add adds one (name, type, shape, buffer) to a writer. */
static int add(uint32_t h, PyObject *array, ft_error *e) {
	const char *name, *type;
	PyObject *shape;
	Py_buffer data;
	int64_t axes[64];
	if (!PyArg_ParseTuple(array, "ssO!y*", &name, &type, &PyTuple_Type, &shape, &data))
		return -1;
	Py_ssize_t rank = PyTuple_Size(shape);
	for (Py_ssize_t i = 0; i < rank && i < 64; i++)
		axes[i] = PyLong_AsLongLong(PyTuple_GetItem(shape, i));
	PyThreadState *save = PyEval_SaveThread();
	int code = go->writer_add(h, (char *)name, (char *)type, (int32_t)rank, axes, data.buf, e);
	PyEval_RestoreThread(save);
	PyBuffer_Release(&data);
	return code;
}

/* An O& converter of (model, network, block, solid, workers, prior, embed, resume), the prior a
 * bytes that the tuple keeps, as it does the network. */
static int writing(PyObject *tuple, void *to) {
	ft_writing *w = to;
	long long block, workers;
	int solid, embed, resume;
	Py_ssize_t n;
	const char *prior;
	if (!PyArg_ParseTuple(tuple, "sO&LpLy#pp", &w->model, network_of, &w->network, &block, &solid, &workers, &prior, &n, &embed, &resume))
		return 0;
	w->block = block;
	w->workers = workers;
	w->solid = solid;
	w->embed = embed;
	w->resume = resume;
	w->prior = prior;
	w->prior_length = n;
	return 1;
}

/* An O& converter of (max_memory, max_output, workers, prior, network, places). */
static int reading(PyObject *tuple, void *to) {
	ft_reading *r = to;
	long long memory, output, workers;
	Py_ssize_t n, length;
	const char *prior;
	if (!PyArg_ParseTuple(tuple, "LLLy#O&y#", &memory, &output, &workers, &prior, &n, network_of, &r->network, &r->places, &length))
		return 0;
	r->places_length = length;
	r->memory = memory;
	r->output = output;
	r->workers = workers;
	r->prior = prior;
	r->prior_length = n;
	return 1;
}

static PyObject *save(PyObject *self, PyObject *args) {
	const char *path;
	ft_writing how;
	PyObject *arrays;
	ft_error e = {0};
	(void)self;
	if (!PyArg_ParseTuple(args, "yO&O!", &path, writing, &how, &PyList_Type, &arrays) || ready() < 0)
		return NULL;
	PyThreadState *opening = PyEval_SaveThread(); /* a pipe waits for its reader */
	uint32_t h = go->writer_new((char *)path, &how, &e);
	PyEval_RestoreThread(opening);
	if (e.code != FT_OK)
		return raise_error(&e);
	int failed = 0;
	for (Py_ssize_t i = 0; i < PyList_Size(arrays) && !failed; i++)
		failed = add(h, PyList_GetItem(arrays, i), &e);
	ft_error last = {0};
	PyThreadState *state = PyEval_SaveThread();
	go->writer_close(h, !failed, &last);
	PyEval_RestoreThread(state);
	if (e.code != FT_OK)
		return raise_error(&e);
	if (last.code != FT_OK)
		return raise_error(&last);
	if (failed)
		return NULL;
	Py_RETURN_NONE;
}

static PyObject *compress(PyObject *self, PyObject *args) {
	Py_buffer data;
	const char *type;
	ft_writing how;
	int64_t length;
	ft_error e = {0};
	uint32_t h = 0;
	(void)self;
	if (!PyArg_ParseTuple(args, "sO&y*", &type, writing, &how, &data))
		return NULL;
	int failed = ready();
	if (!failed) {
		PyThreadState *state = PyEval_SaveThread();
		h = go->compress(data.buf, data.len, (char *)type, &how, &length, &e);
		PyEval_RestoreThread(state);
	}
	PyBuffer_Release(&data);
	if (failed)
		return NULL;
	PyObject *result = blob(h, length, &e);
	if (e.code == FT_OK && e.message) {
		if (PyErr_WarnEx(PyExc_UserWarning, e.message, 2) < 0)
			Py_CLEAR(result);
		free(e.message);
	}
	return result;
}

/* The content is put into the bytes that are returned, so that it is in memory once. */
static PyObject *decompress(PyObject *self, PyObject *args) {
	Py_buffer data;
	ft_reading how;
	ft_error e = {0};
	PyObject *bytes = NULL;
	(void)self;
	if (!PyArg_ParseTuple(args, "O&y*", reading, &how, &data))
		return NULL;
	if (ready() == 0) {
		PyThreadState *state = PyEval_SaveThread();
		int64_t length = go->content(data.buf, data.len, &how, &e);
		PyEval_RestoreThread(state);
		if (length >= 0 && (bytes = PyBytes_FromStringAndSize(NULL, length)) == NULL) {
			PyErr_Clear(); /* a file can name any length */
			set_error("LimitError", "the content does not fit memory");
		}
	}
	if (bytes != NULL) {
		char *to = PyBytes_AsString(bytes);
		Py_ssize_t length = PyBytes_Size(bytes);
		PyThreadState *state = PyEval_SaveThread();
		go->decompress(data.buf, data.len, &how, to, length, &e);
		PyEval_RestoreThread(state);
	}
	PyBuffer_Release(&data);
	if (e.code != FT_OK) {
		Py_CLEAR(bytes);
		raise_error(&e);
	}
	return bytes;
}

static PyObject *train(PyObject *self, PyObject *args) {
	Py_buffer data;
	const char *model;
	long long most;
	int64_t length;
	ft_error e = {0};
	uint32_t h = 0;
	(void)self;
	if (!PyArg_ParseTuple(args, "sLy*", &model, &most, &data))
		return NULL;
	int failed = ready();
	if (!failed) {
		PyThreadState *state = PyEval_SaveThread();
		h = go->train(data.buf, data.len, (char *)model, most, &length, &e);
		PyEval_RestoreThread(state);
	}
	PyBuffer_Release(&data);
	return failed ? NULL : blob(h, length, &e);
}

static PyObject *models(PyObject *self, PyObject *unused) {
	int64_t length;
	ft_error e = {0};
	(void)self, (void)unused;
	if (ready() < 0)
		return NULL;
	uint32_t h = go->models(&length, &e);
	return blob(h, length, &e);
}

PyMethodDef functions[] = {
	{"_starts", starts, METH_NOARGS, NULL},
	{"save", save, METH_VARARGS, NULL},
	{"compress", compress, METH_VARARGS, NULL},
	{"decompress", decompress, METH_VARARGS, NULL},
	{"train", train, METH_VARARGS, NULL},
	{"models", models, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

/* A Reader may serve several threads at once; users counts those in it. */
typedef struct {
	PyObject_HEAD
	uint32_t h;
	int users;
} Reader;

static int reader_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	Reader *r = (Reader *)self;
	const char *path;
	ft_reading how;
	ft_error e = {0};
	(void)kwargs;
	if (!PyArg_ParseTuple(args, "yO&", &path, reading, &how) || ready() < 0)
		return -1;
	if (r->h != 0) {
		PyErr_SetString(PyExc_ValueError, "the file is open already");
		return -1;
	}
	PyThreadState *state = PyEval_SaveThread();
	uint32_t h = go->reader_new((char *)path, &how, &e);
	PyEval_RestoreThread(state);
	if (e.code != FT_OK) {
		raise_error(&e);
		return -1;
	}
	r->h = h;
	return 0;
}

/* open_reader returns 0 if r can be used. */
static int open_reader(Reader *r) {
	if (ready() < 0)
		return -1;
	if (r->h == 0) {
		PyErr_SetString(PyExc_ValueError, "the file is closed");
		return -1;
	}
	return 0;
}

static PyObject *reader_info(PyObject *self, PyObject *unused) {
	Reader *r = (Reader *)self;
	int64_t length;
	ft_error e = {0};
	(void)unused;
	if (open_reader(r) < 0)
		return NULL;
	uint32_t h = go->reader_info(r->h, &length, &e);
	return blob(h, length, &e);
}

static PyObject *reader_rows(PyObject *self, PyObject *args) {
	Reader *r = (Reader *)self;
	long long member, from, to;
	Py_buffer data;
	ft_error e;
	if (!PyArg_ParseTuple(args, "LLLw*", &member, &from, &to, &data))
		return NULL;
	int code = open_reader(r);
	if (code == 0) {
		r->users++;
		PyThreadState *state = PyEval_SaveThread();
		code = go->reader_rows(r->h, member, from, to, data.buf, data.len, &e);
		PyEval_RestoreThread(state);
		r->users--;
	}
	PyBuffer_Release(&data);
	if (code < 0)
		return NULL;
	if (code != FT_OK)
		return raise_error(&e);
	Py_RETURN_NONE;
}

static PyObject *reader_close(PyObject *self, PyObject *unused) {
	Reader *r = (Reader *)self;
	(void)unused;
	if (r->h == 0)
		Py_RETURN_NONE;
	if (ready() < 0)
		return NULL;
	if (r->users > 0) {
		busy_error();
		return NULL;
	}
	go->release(FT_READER, r->h);
	r->h = 0;
	Py_RETURN_NONE;
}

static void reader_free(PyObject *self) {
	Reader *r = (Reader *)self;
	PyTypeObject *type = Py_TYPE(self);
	if (r->h != 0 && usable())
		go->release(FT_READER, r->h);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF((PyObject *)type);
}

static PyMethodDef reader_methods[] = {
	{"info", reader_info, METH_NOARGS, NULL},
	{"rows", reader_rows, METH_VARARGS, NULL},
	{"close", reader_close, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
	{Py_tp_new, PyType_GenericNew}, {Py_tp_init, reader_init}, {Py_tp_dealloc, reader_free}, {Py_tp_methods, reader_methods}, {0, NULL},
};

PyType_Spec reader_spec = {"foretell._native.Reader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT, reader_slots};
