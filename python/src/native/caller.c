/* Calls that take long: Go works, and has the thread that called do what only it may,
 * which is to hear signals, to show progress and to use file objects. */
#include "native.h"

#include <string.h>

/* A Caller is the caller of one such call. */
static int32_t with_python(Caller *c, int (*use)(Caller *, void *), void *what) {
	if (c->save == NULL)
		return use(c, what);
	PyEval_RestoreThread(c->save);
	int failed = use(c, what);
	c->save = PyEval_SaveThread();
	return failed;
}

typedef struct {
	int64_t done, total;
} Amount;

static int use_poll(Caller *c, void *what) {
	Amount *a = what;
	if (PyErr_CheckSignals() < 0)
		return -1;
	if (c->progress == NULL)
		return 0;
	PyObject *shown = PyObject_CallFunction(c->progress, "LL", (long long)a->done, (long long)a->total);
	Py_XDECREF(shown);
	return shown == NULL ? -1 : 0;
}

static int32_t poll(ft_caller *to, int64_t done, int64_t total) {
	Amount a = {done, total};
	return with_python((Caller *)to, use_poll, &a);
}

typedef struct {
	int64_t offset, n;
	void *dst;
	const void *src;
} Piece;

/* fill puts the bytes of data, which it lets go of, to p; what tells what they are. */
static int fill(PyObject *data, const Piece *p, const char *what) {
	Py_buffer got;
	if (data == NULL)
		return -1;
	int failed = PyObject_GetBuffer(data, &got, PyBUF_SIMPLE);
	Py_DECREF(data);
	if (failed)
		return -1;
	if (got.len == p->n) {
		memcpy(p->dst, got.buf, got.len);
	} else {
		PyErr_Format(PyExc_EOFError, "the %s gave %zd of %lld bytes at %lld", what, got.len, (long long)p->n, (long long)p->offset);
		failed = -1;
	}
	PyBuffer_Release(&got);
	return failed;
}

/* use_read copies what the file's function gives, so that nobody keeps Go's memory. */
static int use_read(Caller *c, void *what) {
	Piece *p = what;
	return fill(PyObject_CallFunction(c->file, "LL", (long long)p->offset, (long long)p->n), p, "file");
}

static int32_t read_file(ft_caller *to, int64_t offset, void *dst, int64_t n) {
	Piece p = {offset, n, dst, NULL};
	return with_python((Caller *)to, use_read, &p);
}

static int use_write(Caller *c, void *what) {
	Piece *p = what;
	PyObject *took = PyObject_CallFunction(c->file, "y#", (const char *)p->src, (Py_ssize_t)p->n);
	Py_XDECREF(took);
	return took == NULL ? -1 : 0;
}

static int32_t write_file(ft_caller *to, const void *src, int64_t n) {
	Piece p = {0, n, NULL, src};
	return with_python((Caller *)to, use_write, &p);
}

typedef struct {
	Piece piece;
	PyObject *model;
	int64_t last;
} Question;

static int use_predict(Caller *c, void *what) {
	Question *q = what;
	(void)c;
	return fill(PyObject_CallFunction(q->model, "LL", (long long)q->piece.offset, (long long)q->last), &q->piece, "model");
}

static int32_t predict(ft_caller *to, void *model, int64_t which, int64_t last, float *dst, int64_t n) {
	Question q = {{which, n * (int64_t)sizeof *dst, dst, NULL}, model, last};
	return with_python((Caller *)to, use_predict, &q);
}

void work(Caller *c, PyObject *progress, PyObject *file) {
	*c = (Caller){{poll, read_file, write_file, predict}, NULL, progress == Py_None ? NULL : progress, file};
	c->save = PyEval_SaveThread();
}

void work_held(Caller *c) {
	*c = (Caller){{poll, read_file, write_file, predict}, NULL, NULL, NULL};
}

void worked(Caller *c) {
	PyEval_RestoreThread(c->save);
}
