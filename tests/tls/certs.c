/* certs.c - a small authority, in the folder of one run. */
/* SPDX-License-Identifier: MIT */
#include "certs.h"

#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAY = 24 * 60 * 60 };

struct issuer {
    X509 *certificate;
    EVP_PKEY *key;
};

static char folder[64];
static pid_t maker;
static long serial;
static struct issuer ca;

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "certs: %s\n", what);
    exit(1);
}

const char *cert(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s.pem", folder, name);
    return path;
}

static void extend(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    need(extension && X509_add_ext(certificate, extension, -1), value);
    X509_EXTENSION_free(extension);
}

/* by NULL: itself; names NULL: an authority's. */
static struct issuer issue(const char *common_name, const char *names, const struct issuer *by,
                           long from, long until)
{
    struct issuer made = {X509_new(), EVP_EC_gen("P-256")};
    const struct issuer *signer = by ? by : &made;
    X509 *x = made.certificate;
    need(x && made.key, "no memory");
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), from);
    X509_gmtime_adj(X509_getm_notAfter(x), until);
    X509_set_pubkey(x, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)common_name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(signer->certificate));
    if (names)
        extend(x, NID_subject_alt_name, names);
    else
        extend(x, NID_basic_constraints, "critical,CA:TRUE");
    need(X509_sign(x, signer->key, EVP_sha256()) > 0, "signing");
    return made;
}

static void save(const char *name, const struct issuer *made, const char *password)
{
    char passing[160];
    snprintf(passing, sizeof passing, "%s.new", cert(name));
    FILE *file = fopen(passing, "w");
    need(file && PEM_write_X509(file, made->certificate), name);
    need(PEM_write_PrivateKey(file, made->key, password ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
                              (void *)(size_t)password),
         name);
    need(!fclose(file) && !rename(passing, cert(name)), name);
}

static void drop(struct issuer *made)
{
    X509_free(made->certificate);
    EVP_PKEY_free(made->key);
}

static void leaf(const char *name, const char *common_name, const char *names,
                 const struct issuer *by, long from, long until)
{
    struct issuer made = issue(common_name, names, by, from, until);
    save(name, &made, strcmp(name, "locked") ? NULL : "secret");
    drop(&made);
}

void cert_renew(const char *name, const char *common_name)
{
    leaf(name, common_name, "DNS:localhost", &ca, -DAY, DAY);
}

/* Tests run in children, which exit too: only the maker cleans up. */
static void clean(void)
{
    DIR *dir = getpid() == maker ? opendir(folder) : NULL;
    struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    if (getpid() == maker) {
        rmdir(folder);
        drop(&ca);
    }
}

void certs_make(void)
{
    static const char here[] = "DNS:localhost,IP:127.0.0.1,DNS:*.wild.example";
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/xie-tls-XXXXXX", tmp ? tmp : "/tmp");
    need(mkdtemp(folder), folder);
    maker = getpid();
    atexit(clean);
    ca = issue("test authority", NULL, NULL, -DAY, DAY);
    struct issuer stranger = issue("stranger", NULL, NULL, -DAY, DAY);
    save("ca", &ca, NULL);
    save("stranger", &stranger, NULL);
    leaf("good", "localhost", here, &ca, -DAY, DAY);
    leaf("other", "other.example", "DNS:other.example", &ca, -DAY, DAY);
    leaf("expired", "localhost", here, &ca, -2 * DAY, -DAY);
    leaf("early", "localhost", here, &ca, DAY, 2 * DAY);
    leaf("foreign", "localhost", here, &stranger, -DAY, DAY);
    leaf("self", "localhost", here, NULL, -DAY, DAY);
    leaf("client", "client", "email:client@example.org", &ca, -DAY, DAY);
    leaf("locked", "localhost", here, &ca, -DAY, DAY);
    drop(&stranger);
    FILE *file = fopen(cert("broken"), "w");
    need(file && fputs("no certificate\n", file) >= 0 && !fclose(file), "broken");
}
