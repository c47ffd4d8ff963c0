/* What arrays and their sources share: numbers of a list, and what is refused. */
#include "native.h"

int too_many_numbers(void) {
	return set_error("DistributionError", "invalid distribution: more than 2^24 symbols");
}

int numbers_of(Array *a, PyObject *list) {
	Py_ssize_t n = PySequence_Size(list);
	int is_list = PyList_Check(list);
	double *to = PyMem_Malloc(n ? n * sizeof *to : 1);
	if (n < 0 || to == NULL) {
		PyMem_Free(to);
		if (n >= 0)
			PyErr_NoMemory();
		return -1;
	}
	for (Py_ssize_t i = 0; i < n; i++) {
		PyObject *item = is_list ? PyList_GetItem(list, i) : PyTuple_GetItem(list, i);
		if (item != NULL) {
			Py_INCREF(item);
			to[i] = PyFloat_AsDouble(item);
			Py_DECREF(item);
		}
		if (item == NULL || (to[i] == -1.0 && PyErr_Occurred())) {
			PyMem_Free(to);
			return -1;
		}
	}
	a->own = to;
	a->data = (char *)to;
	a->type = FT_FLOAT64;
	a->size = sizeof *to;
	a->swapped = 0;
	a->ndim = 1;
	a->shape[0] = n;
	a->strides[0] = sizeof *to;
	return 1;
}

void array_free(Array *a) {
	if (a->viewed)
		PyBuffer_Release(&a->view);
	Py_CLEAR(a->keep);
	PyMem_Free(a->own);
	a->viewed = 0;
	a->own = NULL;
}

int is_sequence(PyObject *o) {
	return PyList_Check(o) || PyTuple_Check(o) || (PySequence_Check(o) && !PyObject_HasAttrString(o, "keys"));
}

int too_many_axes(int ndim, int most) {
	PyErr_Format(PyExc_ValueError, "an array of %d axes: %s", ndim,
	             most == 1 ? "give one of a single axis" : "give one row, or a matrix of rows");
	return -1;
}

/* readable tells whether arrays of a type are read where they have memory. */
static int readable(PyObject *dtype) {
	static const char *const names[] = {"float16", "float32", "float64"}; /* and bfloat16 */
	PyObject *text = PyObject_Str(dtype);
	int got = 0;
	for (size_t i = 0; text && i < sizeof names / sizeof *names && !got; i++) {
		PyObject *end = PyUnicode_FromString(names[i]);
		got = end && PyUnicode_Tailmatch(text, end, 0, PY_SSIZE_T_MAX, 1) > 0;
		Py_XDECREF(end);
	}
	Py_XDECREF(text);
	PyErr_Clear();
	return got;
}

int refused(PyObject *o) {
	PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(o), "__qualname__");
	if (name == NULL)
		return -1;
	PyObject *dtype = PyObject_GetAttrString(o, "dtype");
	PyErr_Clear();
	if (dtype != NULL && readable(dtype))
		PyErr_Format(PyExc_TypeError, "a %U of %S that gives no access to its numbers: give an ordinary array, "
		             "not a sparse, traced or empty one", name, dtype);
	else if (dtype != NULL)
		PyErr_Format(PyExc_TypeError, "an array of %S, in a %U: give floats", dtype, name);
	else if (PyIter_Check(o))
		PyErr_Format(PyExc_TypeError, "a %U can be read only once: make a list or an array of it", name);
	else
		PyErr_Format(PyExc_TypeError, "cannot read numbers from a %U: give an array of NumPy, PyTorch, JAX, TensorFlow or any "
		             "other that has the buffer protocol or DLPack, or a list of numbers", name);
	Py_XDECREF(dtype);
	Py_DECREF(name);
	return -1;
}
