/* Exceptions: those of foretell, and what the Go side says of one. */
#include "native.h"

#include <string.h>

static PyObject *errors(const char *name) {
	PyObject *module = PyImport_ImportModule("foretell._errors");
	PyObject *found = module ? PyObject_GetAttrString(module, name) : NULL;
	Py_XDECREF(module);
	return found;
}

int set_error(const char *name, const char *message) {
	PyObject *type = errors(name);
	if (type != NULL)
		PyErr_SetString(type, message);
	Py_XDECREF(type);
	return -1;
}

/* raise_of is raise_error with the symbol of the error, if it is not NULL. */
static PyObject *raise_of(ft_error *e, PyObject *symbol) {
	if (e->code == FT_CALLER) {
		free(e->message);
		return NULL;
	}
	PyObject *make = errors("make");
	PyObject *message = PyUnicode_DecodeUTF8(e->message, strlen(e->message), "replace");
	PyObject *index = symbol ? Py_NewRef(symbol) : PyLong_FromLongLong(e->index), *error = NULL;
	if (make && message && index)
		error = PyObject_CallFunction(make, "iiOOLLLLLL", (int)e->code, (int)e->number, message, index,
		                              (long long)e->length, (long long)e->row, (long long)e->from, (long long)e->to,
		                              (long long)e->block, (long long)e->offset);
	if (error)
		PyErr_SetObject((PyObject *)Py_TYPE(error), error);
	Py_XDECREF(error);
	Py_XDECREF(index);
	Py_XDECREF(message);
	Py_XDECREF(make);
	free(e->message);
	return NULL;
}

PyObject *raise_error(ft_error *e) {
	return raise_of(e, NULL);
}

PyObject *raise_symbol(ft_error *e, PyObject *o) {
	PyObject *symbol = e->code == FT_SYMBOL && o ? PyNumber_Index(o) : NULL;
	PyErr_Clear();
	raise_of(e, symbol);
	Py_XDECREF(symbol);
	return NULL;
}

PyObject *raise_item(ft_error *e, PyObject *symbols, Py_ssize_t i) {
	PyObject *symbol = e->code == FT_SYMBOL ? PySequence_GetItem(symbols, i) : NULL;
	PyErr_Clear();
	raise_symbol(e, symbol);
	Py_XDECREF(symbol);
	return NULL;
}

int busy_error(void) {
	return set_error("BusyError", "two threads use one coder at the same time: give each its own, or take turns");
}
