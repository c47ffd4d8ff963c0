/* Files that are read, and bytes: what _files.py needs of Go. */
#include "native.h"

/* An O& converter of (model, block, solid, workers, prior, embed), the prior a
 * bytes that the tuple keeps. */
int writing(PyObject *tuple, void *to) {
	ft_writing *w = to;
	long long block, workers;
	int solid, embed;
	Py_ssize_t n;
	const char *prior;
	if (!PyArg_ParseTuple(tuple, "sLpLy#p", &w->model, &block, &solid, &workers, &prior, &n, &embed))
		return 0;
	w->block = block;
	w->workers = workers;
	w->solid = solid;
	w->embed = embed;
	w->prior = prior;
	w->prior_length = n;
	return 1;
}

/* An O& converter of (max_memory, max_output, workers, prior). */
static int reading(PyObject *tuple, void *to) {
	ft_reading *r = to;
	long long memory, output, workers;
	Py_ssize_t n;
	const char *prior;
	if (!PyArg_ParseTuple(tuple, "LLLy#", &memory, &output, &workers, &prior, &n))
		return 0;
	r->memory = memory;
	r->output = output;
	r->workers = workers;
	r->prior = prior;
	r->prior_length = n;
	return 1;
}

static PyObject *compress(PyObject *self, PyObject *args) {
	Py_buffer data;
	PyObject *progress;
	const char *type;
	ft_writing how;
	int64_t length;
	ft_error e = {0};
	uint32_t h = 0;
	(void)self;
	if (!PyArg_ParseTuple(args, "sO&y*O", &type, writing, &how, &data, &progress))
		return NULL;
	int failed = ready();
	if (!failed) {
		Caller to;
		work(&to, progress, NULL);
		h = go->compress(&to.to, data.buf, data.len, (char *)type, &how, &length, &e);
		worked(&to);
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

/* decompress returns the bytes of a file, and what array they are made of, in JSON, or
 * None. */
static PyObject *decompress(PyObject *self, PyObject *args) {
	Py_buffer data;
	PyObject *progress;
	ft_reading how;
	int64_t length;
	ft_error e = {0};
	uint32_t h = 0;
	(void)self;
	if (!PyArg_ParseTuple(args, "O&y*O", reading, &how, &data, &progress))
		return NULL;
	int failed = ready();
	if (!failed) {
		Caller to;
		work(&to, progress, NULL);
		h = go->decompress(&to.to, data.buf, data.len, &how, &length, &e);
		worked(&to);
	}
	PyBuffer_Release(&data);
	if (failed)
		return NULL;
	PyObject *bytes = blob(h, length, &e);
	if (bytes == NULL)
		return NULL;
	PyObject *pair = Py_BuildValue("Nz", bytes, e.message);
	free(e.message);
	return pair;
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
		Caller to;
		work(&to, NULL, NULL);
		h = go->train(&to.to, data.buf, data.len, (char *)model, most, &length, &e);
		worked(&to);
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
	{"lost", lost, METH_NOARGS, NULL},
	{"compress", compress, METH_VARARGS, NULL},
	{"decompress", decompress, METH_VARARGS, NULL},
	{"train", train, METH_VARARGS, NULL},
	{"models", models, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

/* A Reader may serve several threads at once, but for one of a file object; users counts
 * those in it. */
typedef struct {
	PyObject_HEAD
	uint32_t h;
	int users;
	PyObject *file; /* the function that reads a file object, or NULL */
} Reader;

/* reader_init opens a file: (path, size, how), or with a function for the path one of
 * size bytes that it reads. */
static int reader_init(PyObject *self, PyObject *args, PyObject *kwargs) {
	Reader *r = (Reader *)self;
	PyObject *from;
	long long size;
	ft_reading how;
	ft_error e = {0};
	(void)kwargs;
	if (!PyArg_ParseTuple(args, "OLO&", &from, &size, reading, &how) || ready() < 0)
		return -1;
	char *path = NULL;
	if (PyBytes_Check(from) && PyBytes_AsStringAndSize(from, &path, NULL) < 0)
		return -1;
	if (r->h != 0) {
		PyErr_SetString(PyExc_ValueError, "the file is open already");
		return -1;
	}
	Caller to;
	work(&to, NULL, from);
	uint32_t h = go->reader_new(&to.to, path, size, &how, &e);
	worked(&to);
	if (e.code != FT_OK) {
		raise_error(&e);
		return -1;
	}
	r->h = h;
	if (path == NULL)
		r->file = Py_NewRef(from);
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
	PyObject *progress;
	ft_error e;
	if (!PyArg_ParseTuple(args, "LLLw*O", &member, &from, &to, &data, &progress))
		return NULL;
	int code = open_reader(r);
	if (code == 0) {
		r->users++;
		Caller by;
		work(&by, progress, r->file);
		code = go->reader_rows(&by.to, r->h, member, from, to, data.buf, data.len, &e);
		worked(&by);
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
	Py_XDECREF(r->file);
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
