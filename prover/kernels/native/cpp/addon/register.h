/** The binding files, one an area; each adds its functions to the module. */
#pragma once
#include <napi.h>

namespace zkattr {

void registerPool(Napi::Env env, Napi::Object exports);
void registerField(Napi::Env env, Napi::Object exports);
void registerMsm(Napi::Env env, Napi::Object exports);
void registerNtt(Napi::Env env, Napi::Object exports);
void registerMultilinear(Napi::Env env, Napi::Object exports);
void registerGroth16(Napi::Env env, Napi::Object exports);

}  // namespace zkattr
