/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_banned.h: libpq's calls that wait inside libpq.
 *
 * Each would hold its worker, and every goroutine behind it, for as long as the
 * network likes. Using one is a compile error here.
 */
#ifndef SLUICE_PG_BANNED_H
#define SLUICE_PG_BANNED_H

/* clang-format off */
#pragma GCC poison PQexec PQexecParams PQprepare PQexecPrepared
#pragma GCC poison PQdescribePrepared PQdescribePortal
#pragma GCC poison PQconnectdb PQconnectdbParams PQsetdbLogin PQreset
#pragma GCC poison PQping PQpingParams
#pragma GCC poison PQsetClientEncoding PQgetCopyData PQfn PQendcopy
#pragma GCC poison PQencryptPasswordConn
#pragma GCC poison PQrequestCancel
#pragma GCC poison lo_open lo_read lo_write lo_import lo_export lo_creat
/* clang-format on */

#endif
