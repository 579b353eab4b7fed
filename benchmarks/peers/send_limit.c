// The limit: what the kernel takes for the same frames, with next to nothing around it.
//
//   send_limit --port 8000 --redis /path/redis.sock --channel NAME --tick 100
//
// Answers handshakes, subscribes to a Redis channel, and send()s what arrived to every connection:
// at once when quiet, else one frame, a JSON array, for each tick of so many milliseconds (0: a
// frame for each message). A frame that a socket does not take whole is finished when it does; a
// connection with more than a megabyte behind is closed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 16, BATCH = 1 << 20, BEHIND = 1 << 20 };

struct connection { int open; char *rest; size_t rest_size; };

static struct connection connections[MOST];
static int sockets[MOST], count, queue, listener, redis;
static char batch[BATCH + 16], frame[BATCH + 32], incoming[BATCH];
static size_t batch_size, incoming_size;
static int64_t tick_ns, flushed_at;

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what) { perror(what); exit(1); }

static void drop(int fd) {
    for (int i = 0; i < count; i++)
        if (sockets[i] == fd) { sockets[i] = sockets[--count]; break; }
    free(connections[fd].rest);
    memset(&connections[fd], 0, sizeof connections[fd]);
    close(fd);
}

static void watch(int fd, int events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(queue, EPOLL_CTL_MOD, fd, &event);
}

static void keep(int fd, const char *bytes, size_t size) {
    struct connection *c = &connections[fd];
    if (c->rest_size + size > BEHIND) { drop(fd); return; }
    c->rest = realloc(c->rest, c->rest_size + size);
    memcpy(c->rest + c->rest_size, bytes, size);
    c->rest_size += size;
    watch(fd, EPOLLIN | EPOLLOUT);
}

static void send_to_all(const char *bytes, size_t size) {
    // Backwards: drop() puts the last one in the place of the dropped.
    for (int i = count - 1; i >= 0; i--) {
        int fd = sockets[i];
        if (connections[fd].rest) { keep(fd, bytes, size); continue; }
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == (ssize_t)size) continue;
        if (sent < 0 && errno != EAGAIN) drop(fd);
        else keep(fd, bytes + (sent < 0 ? 0 : sent), size - (sent < 0 ? 0 : sent));
    }
}

static void flush(void) {
    size_t header = 2;
    flushed_at = now_ns();
    if (!batch_size) return;
    batch[batch_size++] = ']';
    frame[0] = (char)0x81;
    if (batch_size < 126) {
        frame[1] = (char)batch_size;
    } else if (batch_size < 65536) {
        frame[1] = 126, frame[2] = (char)(batch_size >> 8), frame[3] = (char)batch_size;
        header = 4;
    } else {
        frame[1] = 127, header = 10;
        for (int i = 0; i < 8; i++) frame[2 + i] = (char)((uint64_t)batch_size >> (56 - 8 * i));
    }
    memcpy(frame + header, batch, batch_size);
    send_to_all(frame, header + batch_size);
    batch_size = 0;
}

static void add(const char *text, size_t size) {
    if (batch_size + size + 2 > BATCH) flush();
    batch[batch_size] = batch_size ? ',' : '[';
    memcpy(batch + batch_size + 1, text, size);
    batch_size += size + 1;
    if (!tick_ns) flush();
}

// RESP: "*3\r\n$7\r\nmessage\r\n$n\r\nchannel\r\n$n\r\npayload\r\n"; returns bytes taken, 0: not whole.
static size_t take_reply(char *bytes, size_t size) {
    char *at = bytes, *end = bytes + size, *line;
    char *part[3];
    size_t length[3];
    if (size < 4 || !(line = memmem(at, end - at, "\r\n", 2))) return 0;
    at = line + 2;
    for (int i = 0; i < 3; i++) {
        if (!(line = memmem(at, end - at, "\r\n", 2))) return 0;
        if (*at == ':') {  // the answer to SUBSCRIBE ends with a number
            part[i] = at, length[i] = 0, at = line + 2;
            continue;
        }
        length[i] = strtoul(at + 1, NULL, 10);
        part[i] = line + 2;
        if ((size_t)(end - part[i]) < length[i] + 2) return 0;
        at = part[i] + length[i] + 2;
    }
    if (length[0] == 7 && !memcmp(part[0], "message", 7)) add(part[2], length[2]);
    return at - bytes;
}

static void from_redis(void) {
    ssize_t got = recv(redis, incoming + incoming_size, sizeof incoming - incoming_size, 0);
    if (got <= 0) fail("redis");
    incoming_size += got;
    size_t done = 0, taken;
    while ((taken = take_reply(incoming + done, incoming_size - done))) done += taken;
    memmove(incoming, incoming + done, incoming_size - done);
    incoming_size -= done;
}

static void to_redis(const char *file, const char *channel) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    char command[512];
    strncpy(place.sun_path, file, sizeof place.sun_path - 1);
    redis = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(redis, (struct sockaddr *)&place, sizeof place)) fail("redis");
    int size = snprintf(command, sizeof command, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n",
                        strlen(channel), channel);
    if (send(redis, command, size, 0) != size) fail("redis");
}

static void accept_all(void) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event);
    }
}

static void from_peer(int fd) {
    // The load client always sends the key of RFC 6455's example, whose answer is known.
    static const char answer[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    char request[4096];
    ssize_t got = recv(fd, request, sizeof request, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { drop(fd); return; }
    if (connections[fd].open) return;
    connections[fd].open = 1;
    sockets[count++] = fd;
    send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
}

static void drain(int fd) {
    struct connection *c = &connections[fd];
    if (!c->rest) return;
    ssize_t sent = send(fd, c->rest, c->rest_size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        if (errno != EAGAIN) drop(fd);
        return;
    }
    memmove(c->rest, c->rest + sent, c->rest_size - sent);
    c->rest_size -= sent;
    if (c->rest_size) return;
    free(c->rest);
    c->rest = NULL;
    watch(fd, EPOLLIN);
}

int main(int argc, char **argv) {
    int port = 0, one = 1;
    const char *file = NULL, *channel = "benchmark";
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--redis")) file = argv[i + 1];
        else if (!strcmp(argv[i], "--channel")) channel = argv[i + 1];
        else if (!strcmp(argv[i], "--tick")) tick_ns = atol(argv[i + 1]) * 1000000LL;
        else { fprintf(stderr, "send_limit: unknown option %s\n", argv[i]); return 2; }
    }
    if (!port || !file) { fprintf(stderr, "send_limit: --port and --redis are needed\n"); return 2; }
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&place, sizeof place) || listen(listener, 4096)) fail("listen");
    to_redis(file, channel);
    queue = epoll_create1(0);
    struct epoll_event events[1024], event = {.events = EPOLLIN};
    event.data.fd = listener, epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = redis, epoll_ctl(queue, EPOLL_CTL_ADD, redis, &event);
    for (;;) {
        int64_t left = batch_size ? flushed_at + tick_ns - now_ns() : -1;
        int wait = !batch_size ? -1 : left <= 0 ? 0 : (int)(left / 1000000) + 1;
        int ready = epoll_wait(queue, events, 1024, wait);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all();
            else if (fd == redis) from_redis();
            else {
                if (events[i].events & EPOLLOUT) drain(fd);
                if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) from_peer(fd);
            }
        }
        if (batch_size && now_ns() >= flushed_at + tick_ns) flush();
    }
}
