/* Arrays of any library become addresses, by the buffer protocol, DLPack or NumPy's
 * array interface; sequences of numbers are copied. No library is imported. */
#include "native.h"

#include <string.h>

/* DLPack, https://dmlc.github.io/dlpack: the parts that are read here. */
typedef struct {
	void *data;
	int32_t device, device_id;
	int32_t ndim;
	uint8_t code, bits;
	uint16_t lanes;
	int64_t *shape, *strides;
	uint64_t offset;
} DLTensor;

typedef struct {
	uint32_t major, minor;
	void *context;
	void (*deleter)(void *);
	uint64_t flags;
	DLTensor tensor;
} DLVersioned;

typedef int (*FillTensor)(void *object, DLTensor *to);

/* The table that a library offers for exchange without capsules. */
typedef struct {
	uint32_t major, minor;
	void *previous;
	void (*allocate)(void), (*from_object)(void), (*to_object)(void);
	FillTensor fill;
	void (*stream)(void);
} DLExchange;

enum { DL_INT, DL_UINT, DL_FLOAT, DL_BFLOAT = 4, DL_BOOL = 6 };
enum { DL_CPU = 1, DL_CUDA_HOST = 3, DL_ROCM_HOST = 11, DL_CUDA_MANAGED = 13 };

static int little(void) {
	const uint16_t one = 1;
	return *(const uint8_t *)&one;
}

/* float_type returns the type of floats of so many bytes. */
static int float_type(Py_ssize_t size) {
	return size == 2 ? FT_FLOAT16 : size == 4 ? FT_FLOAT32 : size == 8 ? FT_FLOAT64 : -1;
}

static int int_type(int is_signed, Py_ssize_t size) {
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return -1;
	return is_signed ? FT_SIGNED : FT_UNSIGNED;
}

/* set_format reads the type from a buffer's format; 0 if it is of no use. */
static int set_format(Array *a, const char *format) {
	int foreign = 0;
	if (format == NULL)
		format = "B";
	switch (*format) {
	case '@':
	case '=':
		format++;
		break;
	case '<':
		foreign = !little();
		format++;
		break;
	case '>':
	case '!':
		foreign = little();
		format++;
		break;
	}
	if (format[0] == 0 || format[1] != 0)
		return 0;
	if (strchr("efd", *format))
		a->type = float_type(a->size);
	else if (strchr("bhilqn", *format))
		a->type = int_type(1, a->size);
	else if (strchr("BHILQN?", *format))
		a->type = int_type(0, a->size);
	else if (*format == 'O')
		a->type = FT_OBJECT;
	else
		return 0;
	a->swapped = foreign && a->size > 1;
	return a->type >= 0;
}

/* stride returns the distance of items along axis i of an array without gaps, whose
 * shape after i is known. */
static Py_ssize_t stride(const Array *a, int i) {
	return i == a->ndim - 1 ? a->size : (Py_ssize_t)((size_t)a->size * (size_t)a->shape[i + 1]);
}

/* The from_ functions return 1, or 0 if o is of another kind, or -1 with an error. */
static int from_buffer(Array *a, PyObject *o, int most) {
	if (PyObject_GetBuffer(o, &a->view, PyBUF_STRIDES | PyBUF_FORMAT) < 0) {
		if (!PyErr_ExceptionMatches(PyExc_Exception))
			return -1;
		PyErr_Clear();
		return 0;
	}
	a->viewed = 1;
	a->size = (int)a->view.itemsize;
	if (!set_format(a, a->view.format)) {
		array_free(a);
		return 0;
	}
	if (a->view.ndim > most) {
		too_many_axes(a->view.ndim, most);
		array_free(a);
		return -1;
	}
	a->data = a->view.buf;
	a->ndim = a->view.ndim;
	for (int i = a->ndim - 1; i >= 0; i--) {
		a->shape[i] = a->view.shape[i];
		a->strides[i] = a->view.strides ? a->view.strides[i] : stride(a, i); /* ctypes gives none */
	}
	return 1;
}

/* call returns o.name(), or NULL without an error if o has no such method. */
static PyObject *call(PyObject *o, const char *name) {
	PyObject *method = PyObject_GetAttrString(o, name);
	if (method == NULL) {
		if (PyErr_ExceptionMatches(PyExc_AttributeError))
			PyErr_Clear();
		return NULL;
	}
	PyObject *result = PyObject_CallNoArgs(method);
	Py_DECREF(method);
	return result;
}

static int get(Array *a, PyObject *o, int most, int depth);

/* instead reads what a method of o returns. */
static int instead(Array *a, PyObject *o, const char *name, int most, int depth) {
	if (depth == 0)
		return 0;
	PyObject *other = call(o, name);
	if (other == NULL)
		return PyErr_Occurred() ? -1 : 0;
	int got = other == o ? 0 : get(a, other, most, depth - 1);
	Py_DECREF(other);
	return got;
}

/* from_tensor reads a DLPack tensor of o, which a->keep keeps alive. */
static int from_tensor(Array *a, const DLTensor *t, PyObject *o, int most, int depth) {
	if (t->device != DL_CPU && t->device != DL_CUDA_HOST && t->device != DL_ROCM_HOST && t->device != DL_CUDA_MANAGED) {
		array_free(a);
		return instead(a, o, "cpu", most, depth);
	}
	a->size = t->bits / 8;
	a->swapped = 0;
	a->type = -1;
	if (t->lanes == 1 && t->bits % 8 == 0) {
		switch (t->code) {
		case DL_FLOAT:
			a->type = float_type(a->size);
			break;
		case DL_BFLOAT:
			a->type = a->size == 2 ? FT_BFLOAT16 : -1;
			break;
		case DL_INT:
		case DL_UINT:
		case DL_BOOL:
			a->type = int_type(t->code == DL_INT, a->size);
			break;
		}
	}
	if (a->type < 0 || t->ndim > most) {
		int bad = a->type >= 0 ? too_many_axes(t->ndim, most) : 0;
		array_free(a);
		return bad;
	}
	if (t->ndim < 0) {
		array_free(a);
		PyErr_Format(PyExc_ValueError, "a tensor of %d axes", (int)t->ndim);
		return -1;
	}
	a->data = t->data ? (char *)t->data + t->offset : NULL;
	a->ndim = t->ndim;
	for (int i = t->ndim - 1; i >= 0; i--) {
		a->shape[i] = t->shape[i];
		a->strides[i] = t->strides ? t->strides[i] * a->size : stride(a, i);
	}
	return 1;
}

/* fast_dlpack returns the function by which a type fills a DLTensor without a
 * capsule, NULL if it has none. It remembers the last type. */
static FillTensor fast_dlpack(PyTypeObject *type) {
	static PyTypeObject *last;
	static FillTensor fill;
	if (type == last)
		return fill;
	PyObject *capsule = PyObject_GetAttrString((PyObject *)type, "__dlpack_c_exchange_api__");
	const DLExchange *api = capsule ? PyCapsule_GetPointer(capsule, "dlpack_exchange_api") : NULL;
	PyErr_Clear();
	Py_XDECREF(capsule);
	fill = api && api->major == 1 ? api->fill : NULL;
	Py_INCREF((PyObject *)type);
	Py_XDECREF((PyObject *)last);
	last = type;
	return fill;
}

/* What is to know of a type of arrays. */
enum { LAZY = 1, MASKED = 2 };

/* traits_of tells whether arrays of a type may be negated in name only, and whether some
 * of their numbers may be masked. It remembers the last type. */
static int traits_of(PyTypeObject *type) {
	static PyTypeObject *last;
	static int traits;
	if (type == last)
		return traits;
	traits = PyObject_HasAttrString((PyObject *)type, "is_neg") ? LAZY : 0;
	traits |= PyObject_HasAttrString((PyObject *)type, "harden_mask") ? MASKED : 0;
	Py_INCREF((PyObject *)type);
	Py_XDECREF((PyObject *)last);
	last = type;
	return traits;
}

/* negated tells whether the memory of a tensor holds its numbers negated. */
static int negated(PyObject *o) {
	PyObject *answer = call(o, "is_neg");
	int yes = answer ? PyObject_IsTrue(answer) : 0;
	Py_XDECREF(answer);
	PyErr_Clear();
	return yes > 0;
}

static int from_dlpack(Array *a, PyObject *o, int most, int depth) {
	FillTensor fill = fast_dlpack(Py_TYPE(o));
	if (fill != NULL) {
		DLTensor tensor;
		if (fill(o, &tensor) == 0) {
			Py_INCREF(o);
			a->keep = o;
			return from_tensor(a, &tensor, o, most, depth);
		}
		PyErr_Clear();
	}
	PyObject *capsule = call(o, "__dlpack__");
	if (capsule == NULL) {
		if (!PyErr_Occurred())
			return 0;
		if (!PyErr_ExceptionMatches(PyExc_Exception))
			return -1;
		/* A tensor that wants gradients says no, but its values can be had. */
		PyErr_Clear();
		return instead(a, o, "detach", most, depth);
	}
	const DLTensor *t = NULL;
	if (PyCapsule_IsValid(capsule, "dltensor")) {
		t = PyCapsule_GetPointer(capsule, "dltensor");
	} else if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
		DLVersioned *v = PyCapsule_GetPointer(capsule, "dltensor_versioned");
		if (v->major == 1)
			t = &v->tensor;
	}
	if (t == NULL) {
		Py_DECREF(capsule);
		return 0;
	}
	a->keep = capsule;
	return from_tensor(a, t, o, most, depth);
}

/* number returns item i of a tuple as a size. */
static Py_ssize_t number(PyObject *tuple, Py_ssize_t i) {
	PyObject *item = PyTuple_GetItem(tuple, i);
	return item ? PyNumber_AsSsize_t(item, PyExc_ValueError) : -1;
}

/* foreign tells whether a typestr of two bytes, such as <V2, is of the other byte order,
 * -1 if it is none. */
static int foreign(PyObject *typestr) {
	if (typestr == NULL || !PyUnicode_Check(typestr) || PyUnicode_GetLength(typestr) != 3 || PyUnicode_ReadChar(typestr, 2) != '2')
		return -1;
	Py_UCS4 order = PyUnicode_ReadChar(typestr, 0);
	return order == '<' ? !little() : order == '>' ? little() : -1;
}

/* from_interface reads arrays of bfloat16, which NumPy gives no buffer of. */
static int from_interface(Array *a, PyObject *o, int most) {
	int got = 0;
	PyObject *dtype = NULL, *name = NULL;
	PyObject *interface = PyObject_GetAttrString(o, "__array_interface__");
	if (interface && PyDict_Check(interface) && (dtype = PyObject_GetAttrString(o, "dtype")))
		name = PyObject_GetAttrString(dtype, "name");
	if (name && PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, "bfloat16") == 0) {
		PyObject *data = PyDict_GetItemString(interface, "data");
		PyObject *shape = PyDict_GetItemString(interface, "shape");
		PyObject *strides = PyDict_GetItemString(interface, "strides");
		int swapped = foreign(PyDict_GetItemString(interface, "typestr"));
		PyObject *where = data && PyTuple_Check(data) ? PyTuple_GetItem(data, 0) : NULL;
		if (swapped >= 0 && where && shape && PyTuple_Check(shape) && (!strides || strides == Py_None || PyTuple_Check(strides))) {
			Py_ssize_t ndim = PyTuple_Size(shape);
			if (ndim > most) {
				got = too_many_axes((int)ndim, most);
			} else {
				a->data = PyLong_AsVoidPtr(where);
				a->type = FT_BFLOAT16;
				a->size = 2;
				a->swapped = swapped;
				a->ndim = (int)ndim;
				for (int i = a->ndim - 1; i >= 0; i--) {
					a->shape[i] = number(shape, i);
					a->strides[i] = strides && strides != Py_None ? number(strides, i) : stride(a, i);
				}
				got = PyErr_Occurred() ? -1 : 1;
				Py_INCREF(o);
				a->keep = o;
			}
		}
	}
	Py_XDECREF(name);
	Py_XDECREF(dtype);
	Py_XDECREF(interface);
	if (got >= 0)
		PyErr_Clear();
	else
		array_free(a);
	return got;
}

/* from_sequence reads any other sequence of numbers. */
static int from_sequence(Array *a, PyObject *o) {
	Py_ssize_t n = PyObject_Size(o);
	if (n < 0 || n > MOST_NUMBERS)
		return n < 0 ? -1 : too_many_numbers();
	PyObject *list = PySequence_List(o);
	if (list == NULL)
		return -1;
	int got = numbers_of(a, list);
	Py_DECREF(list);
	return got;
}

static int get(Array *a, PyObject *o, int most, int depth) {
	int got = 0;
	if (PyList_Check(o) || PyTuple_Check(o))
		return numbers_of(a, o);
	if (PyUnicode_Check(o) || PyBytes_Check(o) || PyByteArray_Check(o))
		return refused(o);
	int traits = traits_of(Py_TYPE(o));
	if (traits & MASKED) {
		PyErr_SetString(PyExc_TypeError, "a masked array, whose mask nothing keeps: give array.filled(value)");
		return -1;
	}
	if (traits & LAZY && negated(o))
		return instead(a, o, "resolve_neg", most, depth);
	if (PyObject_CheckBuffer(o)) {
		got = from_buffer(a, o, most);
		if (got == 0)
			got = from_interface(a, o, most);
	}
	if (got == 0)
		got = from_dlpack(a, o, most, depth);
	if (got == 0)
		got = instead(a, o, "numpy", most, depth);
	if (got == 0)
		got = instead(a, o, "__array__", most, depth);
	if (got == 0 && is_sequence(o) && !PyObject_CheckBuffer(o) && PyObject_HasAttrString(o, "__len__"))
		got = from_sequence(a, o);
	return got == 0 ? refused(o) : got;
}

/* sound refuses sizes that no array has, and gives one without numbers an address. */
static int sound(Array *a) {
	static double nothing;
	int empty = 0;
	for (int i = 0; i < a->ndim; i++) {
		if (a->shape[i] < 0) {
			PyErr_Format(PyExc_ValueError, "an array with an axis of %zd", a->shape[i]);
			array_free(a);
			return -1;
		}
		empty = empty || a->shape[i] == 0;
	}
	if (a->data == NULL && !empty) {
		PyErr_SetString(PyExc_ValueError, "an array without an address");
		array_free(a);
		return -1;
	}
	if (empty)
		a->data = (char *)&nothing;
	return 0;
}

int array_read(Array *a, PyObject *o, int most) {
	a->viewed = 0;
	a->keep = NULL;
	a->own = NULL;
	return get(a, o, most, 3) < 0 ? -1 : sound(a);
}
