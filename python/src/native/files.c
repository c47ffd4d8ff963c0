/* Files that are read, and bytes: what _files.py needs of Go. */
#include "native.h"

#include <string.h>

/* An O& converter of None or (predict, size, logits, mix, id), which the tuple keeps. */
static int external(PyObject *o, void *to) {
	ft_external *x = to;
	PyObject *predict;
	long long size;
	int logits, mix;
	const char *id;
	Py_ssize_t n;
	*x = (ft_external){0};
	if (o == Py_None)
		return 1;
	if (!PyArg_ParseTuple(o, "OLppy#", &predict, &size, &logits, &mix, &id, &n))
		return 0;
	if (n != sizeof x->id) {
		PyErr_SetString(PyExc_ValueError, "an identity that is not of 32 bytes");
		return 0;
	}
	x->model = predict;
	x->size = size;
	x->logits = logits;
	x->mix = mix;
	memcpy(x->id, id, n);
	return 1;
}

/* An O& converter of (model, network, block, solid, workers, prior, embed, resume,
 * external), the prior a bytes that the tuple keeps, as it does the network. */
int writing(PyObject *tuple, void *to) {
	ft_writing *w = to;
	long long block, workers;
	int solid, embed, resume;
	Py_ssize_t n;
	const char *prior;
	if (!PyArg_ParseTuple(tuple, "sO&LpLy#ppO&", &w->model, network_of, &w->network, &block, &solid, &workers, &prior, &n, &embed, &resume,
	                      external, &w->external))
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

/* An O& converter of (max_memory, max_output, workers, prior, network, places, external). */
static int reading(PyObject *tuple, void *to) {
	ft_reading *r = to;
	long long memory, output, workers;
	Py_ssize_t n, length;
	const char *prior;
	if (!PyArg_ParseTuple(tuple, "LLLy#O&y#O&", &memory, &output, &workers, &prior, &n, network_of, &r->network, &r->places, &length,
	                      external, &r->external))
		return 0;
	r->places_length = length;
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

/* content returns how many bytes a file holds, and what array they are made of, in JSON,
 * or None. */
static PyObject *content(PyObject *self, PyObject *args) {
	Py_buffer data;
	ft_reading how;
	ft_error e = {0};
	int64_t length = -1;
	(void)self;
	if (!PyArg_ParseTuple(args, "O&y*", reading, &how, &data))
		return NULL;
	int failed = ready();
	if (!failed) {
		Caller to;
		work(&to, NULL, NULL);
		length = go->content(&to.to, data.buf, data.len, &how, &e);
		worked(&to);
	}
	PyBuffer_Release(&data);
	if (failed)
		return NULL;
	if (e.code != FT_OK)
		return raise_error(&e);
	PyObject *pair = Py_BuildValue("Lz", (long long)length, e.message);
	free(e.message);
	return pair;
}

/* decompress puts the content to memory of its size: (how, data, memory, progress), or
 * with its size for the memory to bytes that it returns. */
static PyObject *decompress(PyObject *self, PyObject *args) {
	Py_buffer data, room = {0};
	PyObject *into, *progress, *bytes = NULL;
	ft_reading how;
	ft_error e = {0};
	(void)self;
	if (!PyArg_ParseTuple(args, "O&y*OO", reading, &how, &data, &into, &progress))
		return NULL;
	if (!PyLong_Check(into)) {
		if (PyObject_GetBuffer(into, &room, PyBUF_WRITABLE) == 0)
			bytes = Py_NewRef(into);
	} else if ((bytes = PyBytes_FromStringAndSize(NULL, PyLong_AsSsize_t(into))) == NULL) {
		PyErr_Clear(); /* a file can name any length */
		set_error("LimitError", "the content does not fit memory");
	}
	if (bytes != NULL && ready() < 0)
		Py_CLEAR(bytes);
	if (bytes != NULL) {
		char *to = room.obj ? room.buf : PyBytes_AsString(bytes);
		Py_ssize_t length = room.obj ? room.len : PyBytes_Size(bytes);
		Caller by;
		work(&by, progress, NULL);
		go->decompress(&by.to, data.buf, data.len, &how, to, length, &e);
		worked(&by);
	}
	PyBuffer_Release(&data);
	if (room.obj)
		PyBuffer_Release(&room);
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
	{"content", content, METH_VARARGS, NULL},
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
	PyObject *external; /* what predicts, or NULL */
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
	r->external = Py_XNewRef(how.external.model);
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
	Py_XDECREF(r->external);
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
