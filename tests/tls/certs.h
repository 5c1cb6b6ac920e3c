/* certs.h - certificates made for a run of the tests: none is kept, so none expires. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_TLS_CERTS_H
#define XIE_TESTS_TLS_CERTS_H

/* Make a folder with these, in PEM, certificate and key in one file; removed at exit:
 *   ca        trusted by the tests; stranger: one that is not
 *   good      localhost, 127.0.0.1, *.wild.example; by ca
 *   other     other.example; by ca
 *   expired   localhost, until yesterday; early: from tomorrow; by ca
 *   foreign   localhost; by stranger
 *   self      localhost; by itself
 *   client    "CN=client"; by ca
 *   locked    good, its key encrypted with the word "secret"
 *   broken    no certificate at all */
void certs_make(void);

/* Its path. Eight results live at a time. */
const char *cert(const char *name);

/* Put another in its place, as somebody who renews would: a new one for localhost by ca. */
void cert_renew(const char *name, const char *common_name);

#endif
