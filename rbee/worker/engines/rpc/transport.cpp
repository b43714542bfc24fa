// How llama.cpp's RPC backend speaks to its other half here: over a stream that its program was
// started with, and over nothing else. It stands in for the transport.cpp of llama.cpp, which listens
// on a port, for everybody, and connects to any. An endpoint is "fd:7"; 7 stays open as long as this
// process lives.

#include "ggml-rpc.h"
#include "transport.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

#define RBEE_TEXT(number) #number
#define RBEE_PROTOCOL(major, minor, patch) RBEE_TEXT(major) "." RBEE_TEXT(minor) "." RBEE_TEXT(patch)
#ifdef MSG_NOSIGNAL
#define RBEE_SEND_FLAGS MSG_NOSIGNAL
#else
#define RBEE_SEND_FLAGS 0
#endif

extern "C" __attribute__((visibility("default"))) const char * rbee_rpc_protocol() {
    return RBEE_PROTOCOL(RPC_PROTO_MAJOR_VERSION, RPC_PROTO_MINOR_VERSION, RPC_PROTO_PATCH_VERSION);
}

struct socket_t::impl {
    int fd;
    bool taken = false;

    explicit impl(int fd) : fd(fd) {}
};

socket_t::socket_t(std::unique_ptr<impl> p) : pimpl(std::move(p)) {}
socket_t::~socket_t() = default;

bool socket_t::send_data(const void * data, size_t size) {
    const char * at = static_cast<const char *>(data);
    while (size > 0) {
        const ssize_t sent = ::send(pimpl->fd, at, size < MAX_CHUNK_SIZE ? size : MAX_CHUNK_SIZE, RBEE_SEND_FLAGS);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        at += sent;
        size -= static_cast<size_t>(sent);
    }
    return true;
}

bool socket_t::recv_data(void * data, size_t size) {
    char * at = static_cast<char *>(data);
    while (size > 0) {
        const ssize_t got = ::recv(pimpl->fd, at, size < MAX_CHUNK_SIZE ? size : MAX_CHUNK_SIZE, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        at += got;
        size -= static_cast<size_t>(got);
    }
    return true;
}

bool socket_t::flush() { return true; }

// Nothing faster is agreed upon.
void socket_t::get_caps(uint8_t * local_caps) { memset(local_caps, 0, RPC_CONN_CAPS_SIZE); }
void socket_t::update_caps(const uint8_t *) {}

socket_ptr socket_t::connect(const char * host, int fd) {
    if (strcmp(host, "fd") != 0 || fd <= 2) {
        return nullptr;
    }
    return socket_ptr(new socket_t(std::make_unique<impl>(fd)));
}

socket_ptr socket_t::create_server(const char * host, int fd) {
    return connect(host, fd);
}

// One client, once: the server comes back when that one has gone.
socket_ptr socket_t::accept() {
    if (pimpl->taken) {
        return nullptr;
    }
    pimpl->taken = true;
    return socket_ptr(new socket_t(std::make_unique<impl>(pimpl->fd)));
}

bool rpc_transport_init() { return true; }
void rpc_transport_shutdown() {}
