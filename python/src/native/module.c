/* The module itself: the way to the Go side, and what all types share. */
#include "native.h"

#include <string.h>
#ifndef _WIN32
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

const ft_api *go;

/* Go does not survive a fork: a child that inherits it must not call it, nor what a
 * thread of the parent was about to load. */
static int starting, forked;

#ifndef _WIN32
static void in_child(void) {
	forked = starting;
}
#endif

/* Go ends the process where it starts without room: without files to wait with, and,
 * under a limit of address space, without what it reserves of that for its heap and its
 * threads. room raises an exception instead. */
static int room(void) {
#ifndef _WIN32
	int fds[4], n = 0;
	while (n < 4 && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	if (n < 4)
		PyErr_SetFromErrno(PyExc_OSError);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (n < 4)
		return -1;
#ifdef RLIMIT_AS
	const uint64_t needed = 2048ull << 20;
	struct rlimit limit;
	if (sizeof(void *) == 8 && getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
		void *p = mmap(NULL, needed, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
		if (p == MAP_FAILED) {
			PyErr_SetString(PyExc_MemoryError, "foretell takes 2 GiB of address space, and the limit of the process (ulimit -v) leaves less");
			return -1;
		}
		munmap(p, needed);
	}
#endif
#endif
	return 0;
}

int ready(void) {
	if (usable())
		return 0;
	if (forked)
		return set_error("ForkError", "foretell was in use before this process was forked, which it does not survive: "
		                 "use it after the fork only, or start processes with the method spawn or forkserver");
	if (room() < 0)
		return -1;
	starting = 1;
	PyObject *core = PyImport_ImportModule("foretell._core");
	PyObject *capsule = core ? PyObject_GetAttrString(core, "api") : NULL;
	const ft_api *api = capsule ? PyCapsule_GetPointer(capsule, FT_CAPSULE) : NULL;
	Py_XDECREF(capsule);
	Py_XDECREF(core);
	if (api == NULL)
		return -1;
	go = api;
	return 0;
}

PyObject *starts(PyObject *self, PyObject *unused) {
	(void)self, (void)unused;
	starting = 1;
	Py_RETURN_NONE;
}

PyObject *lost(PyObject *self, PyObject *unused) {
	(void)self, (void)unused;
	return PyBool_FromLong(forked);
}

int usable(void) {
	return go != NULL && !forked;
}

PyObject *take_bytes(uint32_t blob, int64_t length) {
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, length);
	if (bytes == NULL)
		go->release(FT_BLOB, blob);
	else
		go->take(blob, PyBytes_AsString(bytes));
	return bytes;
}

PyObject *blob(uint32_t h, int64_t length, ft_error *e) {
	return e->code == FT_OK ? take_bytes(h, length) : raise_error(e);
}

PyObject *new_symbols(Py_ssize_t n, int64_t **data) {
	static PyObject *empty, *dtype;
	if (dtype == NULL) {
		PyObject *numpy = PyImport_ImportModule("numpy");
		if (numpy != NULL && empty == NULL)
			empty = PyObject_GetAttrString(numpy, "empty");
		if (empty != NULL)
			dtype = PyObject_CallMethod(numpy, "dtype", "s", "int64");
		Py_XDECREF(numpy);
		if (dtype == NULL)
			return NULL;
	}
	Py_buffer view;
	PyObject *length = PyLong_FromSsize_t(n);
	PyObject *array = length ? PyObject_CallFunctionObjArgs(empty, length, dtype, NULL) : NULL;
	Py_XDECREF(length);
	if (array == NULL || PyObject_GetBuffer(array, &view, PyBUF_WRITABLE) < 0) {
		Py_XDECREF(array);
		return NULL;
	}
	*data = view.buf; /* the array is ours alone, and keeps its memory */
	PyBuffer_Release(&view);
	return array;
}

int arguments(const char *function, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames,
              const char *const *names, int positional, int required, PyObject **out) {
	if (nargs > positional) {
		PyErr_Format(PyExc_TypeError, "%s() takes %d positional arguments but %zd were given", function, positional, nargs);
		return -1;
	}
	for (Py_ssize_t i = 0; i < nargs; i++)
		out[i] = args[i];
	for (Py_ssize_t k = 0, n = kwnames ? PyTuple_Size(kwnames) : 0; k < n; k++) {
		PyObject *name = PyTuple_GetItem(kwnames, k);
		int i = 0;
		while (names[i] && PyUnicode_CompareWithASCIIString(name, names[i]) != 0)
			i++;
		if (names[i] == NULL || i < nargs) {
			PyErr_Format(PyExc_TypeError, names[i] ? "%s() got multiple values for argument '%U'" : "%s() got an unexpected keyword argument '%U'",
			             function, name);
			return -1;
		}
		out[i] = args[nargs + k];
	}
	for (int i = 0; i < required; i++) {
		if (out[i] == NULL) {
			PyErr_Format(PyExc_TypeError, "%s() misses its argument '%s'", function, names[i]);
			return -1;
		}
	}
	return 0;
}

int enter(Coder *c) {
	if (ready() < 0)
		return -1;
	if (atomic_exchange_explicit(&c->busy, 1, memory_order_acquire))
		return busy_error();
	return 0;
}

int enter_with(Coder *c, const uint32_t *slot) {
	if (enter(c) < 0)
		return -1;
	if (*slot != 0)
		return 0;
	leave(c);
	PyErr_SetString(PyExc_ValueError, "the coder was not initialised");
	return -1;
}

void leave(Coder *c) {
	atomic_store_explicit(&c->busy, 0, memory_order_release);
}

void *scratch(Coder *c, size_t size) {
	if (size > c->room || c->scratch == NULL) {
		void *p = PyMem_Realloc(c->scratch, size ? size : 1);
		if (p == NULL) {
			PyErr_NoMemory();
			return NULL;
		}
		c->scratch = p;
		c->room = size;
	}
	return c->scratch;
}

void *row(Coder *c, const Array *a, Py_ssize_t i) {
	if (in_place(a))
		return a->data + (a->ndim == 2 ? i * a->strides[0] : 0);
	void *p = scratch(c, a->shape[a->ndim - 1] * a->size);
	if (p)
		gather(a, i, i + 1, p);
	return p;
}

void put(uint32_t *slot, int kind, uint32_t h) {
	if (*slot)
		go->release(kind, *slot);
	*slot = h;
}

void drop_streams(int kind, uint32_t *many, Py_ssize_t n) {
	for (Py_ssize_t i = 0; i < n; i++)
		go->release(kind, many[i]);
	PyMem_Free(many);
}

PyObject *coder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
	(void)args, (void)kwargs;
	allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
	Coder *c = (Coder *)alloc(type, 0);
	if (c != NULL)
		atomic_init(&c->busy, 0);
	return (PyObject *)c;
}

void coder_free(PyObject *self) {
	Coder *c = (Coder *)self;
	PyTypeObject *type = Py_TYPE(self);
	if (usable()) {
		if (c->encoder)
			go->release(FT_ENCODER, c->encoder);
		if (c->decoder)
			go->release(FT_DECODER, c->decoder);
		if (c->stack)
			go->release(FT_STACK, c->stack);
		drop_streams(c->kind, c->many, c->n);
	}
	PyMem_Free(c->scratch);
	freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
	release(self);
	Py_DECREF((PyObject *)type);
}

int add_type(PyObject *module, PyType_Spec *spec) {
	PyObject *type = PyType_FromSpec(spec);
	if (type == NULL)
		return -1;
	int failed = PyModule_AddObjectRef(module, strrchr(spec->name, '.') + 1, type);
	Py_DECREF((PyObject *)type);
	return failed;
}

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "foretell._native",
	.m_doc = "The parts of foretell that are written in C and Go.",
	.m_size = -1,
	.m_methods = functions,
};

PyMODINIT_FUNC PyInit__native(void) {
#ifndef _WIN32
	static int registered;
	if (!registered && pthread_atfork(NULL, NULL, in_child) != 0)
		return PyErr_NoMemory();
	registered = 1;
#endif
	PyObject *m = PyModule_Create(&module);
	if (m == NULL)
		return NULL;
	PyType_Spec *specs[] = {&distribution_coder_spec, &encoder_spec, &decoder_spec, &stack_spec,
	                        &batch_encoder_spec, &batch_decoder_spec, &reader_spec, &writer_spec,
	                        &network_spec, &streams_spec};
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
		if (add_type(m, specs[i]) < 0) {
			Py_DECREF(m);
			return NULL;
		}
	}
	return m;
}
