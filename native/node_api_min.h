// The few functions of Node-API version 8 that the addon calls: a stable C interface, declared here so that no headers need be installed.
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {

typedef struct napi_env__* napi_env;
typedef struct napi_value__* napi_value;
typedef struct napi_callback_info__* napi_callback_info;
typedef int napi_status;  // 0 is napi_ok
typedef napi_value (*napi_callback)(napi_env env, napi_callback_info info);
typedef void (*napi_finalize)(napi_env env, void* data, void* hint);

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* argc, napi_value* argv, napi_value* self, void** data);
napi_status napi_create_function(napi_env env, const char* name, size_t length, napi_callback callback, void* data, napi_value* result);
napi_status napi_create_object(napi_env env, napi_value* result);
napi_status napi_create_array(napi_env env, napi_value* result);
napi_status napi_create_double(napi_env env, double value, napi_value* result);
napi_status napi_create_string_utf8(napi_env env, const char* text, size_t length, napi_value* result);
napi_status napi_get_null(napi_env env, napi_value* result);
napi_status napi_get_boolean(napi_env env, bool value, napi_value* result);
napi_status napi_get_value_double(napi_env env, napi_value value, double* result);
napi_status napi_set_named_property(napi_env env, napi_value object, const char* name, napi_value value);
napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value);
napi_status napi_create_external_arraybuffer(napi_env env, void* data, size_t length, napi_finalize finalize, void* hint, napi_value* result);
napi_status napi_get_arraybuffer_info(napi_env env, napi_value buffer, void** data, size_t* length);
napi_status napi_detach_arraybuffer(napi_env env, napi_value buffer);
napi_status napi_get_and_clear_last_exception(napi_env env, napi_value* result);
napi_status napi_throw_type_error(napi_env env, const char* code, const char* message);

}  // extern "C"
