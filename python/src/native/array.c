/* What is done with arrays once their address is known, and symbols. */
#include "native.h"

#include <string.h>

static void swap(char *p, int size) {
	for (int i = 0; i < size / 2; i++) {
		char t = p[i];
		p[i] = p[size - 1 - i];
		p[size - 1 - i] = t;
	}
}

/* integer reads a whole number, the largest int64 for one above. */
static int64_t integer(const Array *a, const char *p) {
	if (a->type == FT_SIGNED && a->size == 8 && !a->swapped) { /* what most arrays have */
		int64_t x;
		memcpy(&x, p, 8);
		return x;
	}
	char b[8];
	memcpy(b, p, a->size);
	if (a->swapped)
		swap(b, a->size);
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
	return u64 > INT64_MAX ? INT64_MAX : (int64_t)u64;
}

/* objects returns the objects of an array of one axis as a list. */
static PyObject *objects(const Array *a) {
	PyObject *list = PyList_New(a->shape[0]);
	for (Py_ssize_t i = 0; list && i < a->shape[0]; i++) {
		PyObject *item;
		memcpy(&item, a->data + i * a->strides[0], sizeof item);
		PyList_SetItem(list, i, Py_NewRef(item ? item : Py_None));
	}
	return list;
}

/* widen makes whole numbers doubles. */
static int widen(Array *a) {
	Py_ssize_t rows = a->ndim == 2 ? a->shape[0] : 1, n = a->shape[a->ndim - 1];
	double *to = NULL, *next;
	if (n == 0 || rows <= PY_SSIZE_T_MAX / 8 / n)
		next = to = PyMem_Malloc(rows && n ? rows * n * sizeof *to : 1);
	if (to == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	for (Py_ssize_t i = 0; i < rows; i++) {
		for (Py_ssize_t k = 0; k < n; k++) {
			int64_t x = integer(a, a->data + (a->ndim == 2 ? i * a->strides[0] : 0) + k * a->strides[a->ndim - 1]);
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
	if (a->ndim == 0)
		PyErr_SetString(PyExc_ValueError, "a single number: a distribution is an array of one axis");
	else if (a->shape[a->ndim - 1] > MOST_NUMBERS)
		too_many_numbers();
	else
		return 0;
	array_free(a);
	return -1;
}

int array_floats(Array *a) {
	int failed = 0;
	if (a->type == FT_OBJECT) {
		PyObject *list = a->ndim == 1 ? objects(a) : NULL;
		if (a->ndim != 1)
			too_many_axes(a->ndim, 1);
		array_free(a);
		failed = list == NULL || numbers_of(a, list) < 0;
		Py_XDECREF(list);
	} else if (a->type > FT_BFLOAT16) {
		failed = widen(a) < 0;
	}
	if (failed)
		array_free(a);
	return -failed;
}

int array_row(Array *a, PyObject *o) {
	if (array_get(a, o, 2) < 0)
		return -1;
	if (a->ndim == 2 && a->shape[0] == 1) { /* what the last logits of a batch of one are */
		a->ndim = 1;
		a->shape[0] = a->shape[1];
		a->strides[0] = a->strides[1];
	}
	if (a->ndim == 2) {
		too_many_axes(2, 1);
		array_free(a);
		return -1;
	}
	return array_floats(a);
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

int symbol_get(PyObject *o, uint32_t *symbol) {
	PyObject *index = PyNumber_Index(o);
	if (index == NULL)
		return -1;
	int overflow;
	long long value = PyLong_AsLongLongAndOverflow(index, &overflow);
	Py_DECREF(index);
	*symbol = overflow || value < 0 || value > NO_SYMBOL ? NO_SYMBOL : (uint32_t)value;
	return 0;
}

/* symbols_room makes room for n symbols if they are as many as wanted. */
static int symbols_room(Symbols *s, Py_ssize_t n, Py_ssize_t want, const char *each) {
	if (want >= 0 && n != want) {
		PyErr_Format(PyExc_ValueError, "%zd symbols for %zd %s", n, want, each);
		return -1;
	}
	s->n = n;
	s->all = n > PY_SSIZE_T_MAX / 4 ? NULL : PyMem_Malloc(n ? n * sizeof *s->all : 1);
	if (s->all == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	return 0;
}

static int symbols_from_list(Symbols *s, PyObject *list, Py_ssize_t want, const char *each) {
	if (symbols_room(s, PyList_Size(list), want, each) < 0)
		return -1;
	for (Py_ssize_t i = 0; i < s->n; i++) {
		PyObject *item = PyList_GetItem(list, i);
		if (item == NULL || symbol_get(item, &s->all[i]) < 0) {
			symbols_free(s);
			return -1;
		}
	}
	return 0;
}

int symbols_get(Symbols *s, PyObject *o, Py_ssize_t want, const char *each) {
	Array a;
	int failed = 0;
	PyObject *list = NULL;
	s->all = NULL;
	if (PyIter_Check(o))
		return refused(o);
	if (PyList_Check(o) || PyTuple_Check(o) || PyBytes_Check(o) || PyByteArray_Check(o) || (!PyObject_CheckBuffer(o) && !PyObject_HasAttrString(o, "__dlpack__") && !PyObject_HasAttrString(o, "__array__"))) {
		if (!is_sequence(o))
			return refused(o);
		list = PySequence_List(o);
		failed = list == NULL || symbols_from_list(s, list, want, each) < 0;
		Py_XDECREF(list);
		return -failed;
	}
	if (array_read(&a, o, 1) < 0)
		return -1;
	if (a.ndim != 1 || a.type < FT_SIGNED) {
		PyErr_SetString(a.ndim != 1 ? PyExc_ValueError : PyExc_TypeError, "symbols are whole numbers in an array of one axis, or a list");
		failed = 1;
	} else if (a.type == FT_OBJECT) {
		list = objects(&a);
		failed = list == NULL || symbols_from_list(s, list, want, each) < 0;
		Py_XDECREF(list);
	} else {
		failed = symbols_room(s, a.shape[0], want, each) < 0;
		for (Py_ssize_t i = 0; !failed && i < s->n; i++) {
			int64_t x = integer(&a, a.data + i * a.strides[0]);
			s->all[i] = x < 0 || x > NO_SYMBOL ? NO_SYMBOL : (uint32_t)x;
		}
	}
	array_free(&a);
	return -failed;
}

void symbols_free(Symbols *s) {
	PyMem_Free(s->all);
	s->all = NULL;
}
