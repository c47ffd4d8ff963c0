/* The module foretell._core: loading it starts Go. All it has is the table of Go's
 * functions. */
#include <Python.h>
#include "libforetell.h"

static const ft_api api = {
	.encoder_new = ft_encoder_new,
	.decoder_new = ft_decoder_new,
	.release = ft_release,
	.encode = ft_encode,
	.decode = ft_decode,
	.encode_rows = ft_encode_rows,
	.decode_rows = ft_decode_rows,
	.encode_batch = ft_encode_batch,
	.decode_batch = ft_decode_batch,
	.encode_weighed = ft_encode_weighed,
	.points = ft_points,
	.decode_weighed = ft_decode_weighed,
	.sparse = ft_sparse,
	.values = ft_values,
	.stack_step = ft_stack_step,
	.stack_bytes = ft_stack_bytes,
	.stack_new = ft_stack_new,
	.stack_length = ft_stack_length,
	.stack_dump = ft_stack_dump,
	.coder_save = ft_coder_save,
	.coder_load = ft_coder_load,
	.finish = ft_finish,
	.take = ft_take,
	.stats = ft_stats,
	.position = ft_position,
	.seek = ft_seek,
	.writer_new = ft_writer_new,
	.writer_add = ft_writer_add,
	.writer_begin = ft_writer_begin,
	.writer_append = ft_writer_append,
	.writer_end = ft_writer_end,
	.writer_close = ft_writer_close,
	.reader_new = ft_reader_new,
	.reader_info = ft_reader_info,
	.reader_rows = ft_reader_rows,
	.compress = ft_compress,
	.content = ft_content,
	.decompress = ft_decompress,
	.train = ft_train,
	.models = ft_models,
	.network_new = ft_network_new,
	.network_info = ft_network_info,
	.network_hash = ft_network_hash,
	.network_logits = ft_network_logits,
	.network_frame = ft_network_frame,
	.network_encode = ft_network_encode,
	.network_decode = ft_network_decode,
	.streams_new = ft_streams_new,
	.streams_step = ft_streams_step,
	.streams_reset = ft_streams_reset,
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT,
	.m_name = "foretell._core",
	.m_size = -1,
};

PyMODINIT_FUNC PyInit__core(void) {
	PyObject *native = PyImport_ImportModule("foretell._native");
	PyObject *told = native ? PyObject_CallMethod(native, "_starts", NULL) : NULL;
	Py_XDECREF(native);
	if (told == NULL)
		return NULL;
	Py_DECREF(told);
	PyObject *m = PyModule_Create(&module);
	PyObject *capsule = m ? PyCapsule_New((void *)&api, FT_CAPSULE, NULL) : NULL;
	if (capsule == NULL || PyModule_AddObjectRef(m, "api", capsule) < 0)
		Py_CLEAR(m);
	Py_XDECREF(capsule);
	return m;
}
