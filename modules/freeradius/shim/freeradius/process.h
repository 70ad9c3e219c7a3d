/* SPDX-License-Identifier: ISC */
#ifndef HK_SHIM_PROCESS_H
#define HK_SHIM_PROCESS_H

typedef enum fr_state_action {
	FR_ACTION_INVALID = 0,
} fr_state_action_t;

typedef void (*fr_request_process_t)(REQUEST *request, int action);
typedef int (*RAD_REQUEST_FUNP)(REQUEST *request);

#endif
