/* What is done with arrays once their address is known, and symbols. */
#include "native.h"

#include <limits.h>
#include <string.h>

static void swap(char *p, int size) {
	for (int i = 0; i < size / 2; i++) {
		char t = p[i];
		p[i] = p[size - 1 - i];
		p[size - 1 - i] = t;
	}
}

/* integer reads a whole number; larger tells that it is above every int64. */
static int64_t integer(const Array *a, const char *p, int *larger) {
	if (a->type == FT_SIGNED && a->size == 8 && !a->swapped) { /* what most arrays have */
		int64_t x;
		memcpy(&x, p, 8);
		*larger = 0;
		return x;
	}
	char b[8];
	memcpy(b, p, a->size);
	if (a->swapped)
		swap(b, a->size);
	*larger = 0;
	if (a->type == FT_SIGNED) {
		int8_t i8;
		int16_t i16;
		int32_t i32;
		int64_t i64;
		switch (a->size) {
		case 1:
			return memcpy(&i8, b, 1), i8;
		case 2:
			return memcpy(&i16, b, 2), i16;
		case 4:
			return memcpy(&i32, b, 4), i32;
		}
		return memcpy(&i64, b, 8), i64;
	}
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	switch (a->size) {
	case 1:
		return memcpy(&u8, b, 1), u8;
	case 2:
		return memcpy(&u16, b, 2), u16;
	case 4:
		return memcpy(&u32, b, 4), u32;
	}
	memcpy(&u64, b, 8);
	*larger = u64 > INT64_MAX;
	return *larger ? INT64_MAX : (int64_t)u64;
}

/* widen makes whole numbers doubles. */
static int widen(Array *a) {
	Py_ssize_t rows = a->ndim == 2 ? a->shape[0] : 1, n = a->shape[a->ndim - 1];
	double *to = PyMem_Malloc((rows * n + 1) * sizeof *to), *next = to;
	if (to == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	for (Py_ssize_t i = 0; i < rows; i++) {
		for (Py_ssize_t k = 0; k < n; k++) {
			int larger;
			int64_t x = integer(a, a->data + (a->ndim == 2 ? i * a->strides[0] : 0) + k * a->strides[a->ndim - 1], &larger);
			if (x > 1LL << 53 || x < -(1LL << 53)) {
				PyMem_Free(to);
				PyErr_SetString(PyExc_ValueError, "a whole number beyond 2^53 as a probability: give floats");
				return -1;
			}
			*next++ = (double)x;
		}
	}
	int ndim = a->ndim;
	Py_ssize_t shape[2] = {a->shape[0], a->shape[1]};
	array_free(a);
	a->own = to;
	a->data = (char *)to;
	a->type = FT_FLOAT64;
	a->size = sizeof *to;
	a->swapped = 0;
	a->ndim = ndim;
	memcpy(a->shape, shape, sizeof shape);
	a->strides[ndim - 1] = sizeof *to;
	if (ndim == 2)
		a->strides[0] = n * sizeof *to;
	return 1;
}

int array_get(Array *a, PyObject *o, int most) {
	if (array_read(a, o, most) < 0)
		return -1;
	if (a->ndim == 0) {
		array_free(a);
		PyErr_SetString(PyExc_ValueError, "a single number: a distribution is an array of one axis");
		return -1;
	}
	if (a->type > FT_BFLOAT16 && widen(a) < 0) {
		array_free(a);
		return -1;
	}
	return 0;
}

void array_free(Array *a) {
	if (a->viewed)
		PyBuffer_Release(&a->view);
	Py_CLEAR(a->keep);
	PyMem_Free(a->own);
	a->viewed = 0;
	a->own = NULL;
}

int is_rows(PyObject *o) {
	if (!PyList_Check(o) && !PyTuple_Check(o))
		return 0;
	PyObject *first = PySequence_GetItem(o, 0);
	int rows = first && !PyFloat_CheckExact(first) && !PyLong_CheckExact(first) && !PyUnicode_Check(first) && PyObject_Size(first) >= 0;
	PyErr_Clear();
	Py_XDECREF(first);
	return rows;
}

int in_place(const Array *a) {
	Py_ssize_t n = a->shape[a->ndim - 1];
	if (a->swapped || (n > 1 && a->strides[a->ndim - 1] != a->size) || (uintptr_t)a->data % a->size)
		return 0;
	return a->ndim == 1 || a->strides[0] % a->size == 0;
}

void gather(const Array *a, Py_ssize_t from, Py_ssize_t to, char *dst) {
	Py_ssize_t n = a->shape[a->ndim - 1], stride = a->strides[a->ndim - 1];
	for (Py_ssize_t i = from; i < to; i++) {
		const char *p = a->data + (a->ndim == 2 ? i * a->strides[0] : 0);
		if (stride == a->size) {
			memcpy(dst, p, n * a->size);
		} else {
			for (Py_ssize_t k = 0; k < n; k++)
				memcpy(dst + k * a->size, p + k * stride, a->size);
		}
		if (a->swapped) {
			for (Py_ssize_t k = 0; k < n; k++)
				swap(dst + k * a->size, a->size);
		}
		dst += n * a->size;
	}
}

int symbol_get(PyObject *o, uint32_t *symbol, long long *value) {
	int overflow;
	PyObject *index = PyNumber_Index(o);
	if (index == NULL)
		return -1;
	*value = PyLong_AsLongLongAndOverflow(index, &overflow);
	Py_DECREF(index);
	if (overflow)
		*value = overflow > 0 ? LLONG_MAX : LLONG_MIN;
	*symbol = *value < 0 || *value > NO_SYMBOL ? NO_SYMBOL : (uint32_t)*value;
	return 0;
}

/* put_symbol sets symbol i. */
static void put_symbol(Symbols *s, Py_ssize_t i, long long value) {
	s->all[i] = value < 0 || value >= NO_SYMBOL ? NO_SYMBOL : (uint32_t)value;
	if (s->all[i] == NO_SYMBOL && s->bad < 0) {
		s->bad = i;
		s->value = value;
	}
}

static int symbols_from_list(Symbols *s, PyObject *o) {
	PyObject *list = PySequence_List(o);
	if (list == NULL)
		return -1;
	s->n = PyList_Size(list);
	s->all = PyMem_Malloc(s->n ? s->n * sizeof *s->all : 1);
	int failed = s->all == NULL;
	if (failed)
		PyErr_NoMemory();
	for (Py_ssize_t i = 0; i < s->n && !failed; i++) {
		PyObject *item = PyList_GetItem(list, i);
		uint32_t symbol;
		long long value = 0;
		failed = item == NULL || symbol_get(item, &symbol, &value) < 0;
		if (!failed)
			put_symbol(s, i, value);
	}
	Py_DECREF(list);
	if (failed)
		symbols_free(s);
	return -failed;
}

int symbols_get(Symbols *s, PyObject *o) {
	s->all = NULL;
	s->bad = -1;
	if (PyIter_Check(o))
		return refused(o);
	if (PyList_Check(o) || PyTuple_Check(o) || PyBytes_Check(o) || PyByteArray_Check(o) || (!PyObject_CheckBuffer(o) && !PyObject_HasAttrString(o, "__dlpack__") && !PyObject_HasAttrString(o, "__array__")))
		return symbols_from_list(s, o);
	Array a;
	if (array_read(&a, o, 1) < 0)
		return -1;
	if (a.ndim != 1 || (a.type != FT_SIGNED && a.type != FT_UNSIGNED)) {
		PyErr_SetString(a.ndim != 1 ? PyExc_ValueError : PyExc_TypeError, "symbols are whole numbers in an array of one axis, or a list");
		array_free(&a);
		return -1;
	}
	s->n = a.shape[0];
	s->all = PyMem_Malloc(s->n ? s->n * sizeof *s->all : 1);
	for (Py_ssize_t i = 0; s->all && i < s->n; i++) {
		int larger;
		put_symbol(s, i, integer(&a, a.data + i * a.strides[0], &larger));
	}
	array_free(&a);
	if (s->all == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	return 0;
}

void symbols_free(Symbols *s) {
	PyMem_Free(s->all);
	s->all = NULL;
}
