// Viewers of one room, each on a WebSocket of its own: counts every message on every connection.
//
//   load --host 127.0.0.1 --port 8000 --path /ws --viewers 4000 [--protocol plain|socketio]
//        [--inflight 200] [--page /rooms/x/] [--welcome TEXT] [--rooms 1 --first 1] --origin ORIGIN
//
// A message has "s":<number, one more than the last> and "at":<CLOCK_MONOTONIC in nanoseconds>. With
// --page each viewer first fetches that page whole, then opens its socket; with --welcome it has
// joined when a frame holding TEXT arrived, else when the handshake is answered. `%d` in the path is
// the number of the viewer's room: with --rooms they take rooms from --first on in turns.
// Commands on stdin: `mark` begins a window, `report` tells one JSON line, end of file ends.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, PAGE, SHAKING, WAITING, JOINED, GONE };
enum { BUCKETS = 240000, PER_MS = 2, CHUNK = 1 << 18 };
#define TIMEOUT_NS 60000000000LL

struct viewer {
    int fd, state;
    int64_t began, last;
    uint64_t received;
    char *held;  // what came of an unfinished frame or answer
    size_t held_size;
    long body_left;  // of the page; -1: chunked, -2: its header is not here yet
};

static struct viewer *viewers;
static int wanted, started, joined, refused, closed_early, busy;
static int inflight = 200, socketio, queue, rooms = 1, first = 1;
static const char *host = "127.0.0.1", *path = "/", *page, *welcome, *origin;
static int port;
static struct sockaddr_in address;
static char buffer[CHUNK + 1];

static uint64_t total, lost_between, repeated, page_bytes;
static int64_t first_join, last_join;
static struct { int64_t began; uint64_t messages, frames, bytes; int64_t longest; } window;
static uint32_t latencies[BUCKETS], joins[BUCKETS];

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void note(uint32_t *histogram, int64_t ns) {
    int64_t bucket = ns * PER_MS / 1000000;
    histogram[bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket]++;
}

static double percentile(const uint32_t *histogram, double share) {
    uint64_t count = 0, seen = 0;
    for (int i = 0; i < BUCKETS; i++) count += histogram[i];
    if (!count) return -1;
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if ((double)seen >= share * (double)count) return (i + 1.0) / PER_MS;
    }
    return -1;
}

static int settled(const struct viewer *v) { return v->state == JOINED || v->state == GONE; }

static void leave(struct viewer *v) {
    if (v->state == JOINED) closed_early++;
    else refused++;
    if (!settled(v)) busy--;
    v->state = GONE;
    if (v->fd >= 0) close(v->fd);
    v->fd = -1;
    free(v->held);
    v->held = NULL;
    v->held_size = 0;
}

static void has_joined(struct viewer *v) {
    v->state = JOINED;
    joined++;
    busy--;
    last_join = now_ns();
    note(joins, last_join - v->began);
}

static int say(struct viewer *v, const char *text, size_t size) {
    if (send(v->fd, text, size, MSG_NOSIGNAL) == (ssize_t)size) return 1;
    leave(v);
    return 0;
}

// A client's frame: masked, as RFC 6455 asks, and short.
static void say_frame(struct viewer *v, int opcode, const char *text, size_t size) {
    unsigned char frame[6 + 125];
    uint32_t mask = (uint32_t)random();
    if (size > 125) size = 125;
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | size;
    memcpy(frame + 2, &mask, 4);
    for (size_t i = 0; i < size; i++) frame[6 + i] = text[i] ^ frame[2 + i % 4];
    say(v, (char *)frame, 6 + size);
}

static void dial(struct viewer *v, int state) {
    if (v->fd >= 0) close(v->fd);
    int one = 1;
    v->held_size = 0;
    v->body_left = -2;
    v->state = state;
    v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (v->fd < 0) { leave(v); return; }
    setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(v->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
        leave(v);
        return;
    }
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = (uint32_t)(v - viewers)};
    epoll_ctl(queue, EPOLL_CTL_ADD, v->fd, &event);
}

static void ask(struct viewer *v) {
    char text[1024], *gap = strstr(path, "%d");
    int size, before = gap ? gap - path : (int)strlen(path);
    char number[16] = "";
    if (gap) snprintf(number, sizeof number, "%d", first + (int)(v - viewers) % rooms);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(v - viewers)};
    if (v->state == PAGE)
        size = snprintf(text, sizeof text,
            "GET %s HTTP/1.1\r\nHost: %s:%d\r\nAccept: text/html\r\nAccept-Language: en\r\n"
            "Accept-Encoding: gzip, deflate, br\r\nConnection: close\r\n\r\n", page, host, port);
    else
        size = snprintf(text, sizeof text,
            "GET %.*s%s%s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Accept-Language: en\r\nOrigin: %s\r\n\r\n",
            before, path, number, gap ? gap + 2 : "", host, port, origin);
    epoll_ctl(queue, EPOLL_CTL_MOD, v->fd, &event);
    say(v, text, size);
}

static void begin(struct viewer *v) {
    busy++;
    v->began = now_ns();
    if (!first_join) first_join = v->began;
    dial(v, page ? PAGE : SHAKING);
}

static void take_message(struct viewer *v, int64_t seq, int64_t at, int64_t now) {
    if (v->last && seq <= v->last) { repeated++; return; }
    if (v->last) lost_between += seq - v->last - 1;
    v->last = seq;
    v->received++;
    total++;
    window.messages++;
    if (now - at > window.longest) window.longest = now - at;
    note(latencies, now - at);
}

static void take_text(struct viewer *v, char *text, size_t size, int64_t now) {
    char *end = text + size, saved = *end;
    *end = 0;
    if (socketio) {
        if (text[0] == '0') say_frame(v, 1, "40", 2);
        else if (text[0] == '2') say_frame(v, 1, "3", 1);
        else if (v->state == WAITING && text[0] == '4' && text[1] == '0') has_joined(v);
    } else if (v->state == WAITING && memmem(text, size, welcome, strlen(welcome))) {
        has_joined(v);
    }
    // Each "at": belongs to the nearest "s": before it.
    char *from = text, *at, *s, *next;
    while (v->state == JOINED && (at = memmem(from, end - from, "\"at\":", 5))) {
        s = memmem(from, at - from, "\"s\":", 4);
        while (s && (next = memmem(s + 4, at - s - 4, "\"s\":", 4))) s = next;
        if (s) take_message(v, strtoll(s + 4, NULL, 10), strtoll(at + 5, NULL, 10), now);
        from = at + 5;
    }
    *end = saved;
}

// Frames that are whole; returns how many bytes they took.
static size_t take_frames(struct viewer *v, char *bytes, size_t size, int64_t now) {
    size_t done = 0;
    while (size - done >= 2 && v->state != GONE) {
        unsigned char *head = (unsigned char *)bytes + done;
        size_t header = 2, length = head[1] & 0x7f;
        if (length == 126) {
            header = 4;
            if (size - done < header) break;
            length = (size_t)head[2] << 8 | head[3];
        } else if (length == 127) {
            header = 10;
            if (size - done < header) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | head[i];
        }
        if (length > CHUNK / 2) { leave(v); break; }
        if (size - done < header + length) break;
        int opcode = head[0] & 15;
        char *payload = bytes + done + header;
        done += header + length;
        if (opcode == 8) leave(v);
        else if (opcode == 9) say_frame(v, 10, payload, length);
        else if (opcode == 1) {
            window.frames++;
            take_text(v, payload, length, now);
        }
    }
    return done;
}

// The answer to the handshake; returns how many bytes it took, 0 when it is not whole.
static size_t take_handshake(struct viewer *v, char *bytes, size_t size) {
    char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (size < 12 || memcmp(bytes + 9, "101", 3)) { leave(v); return size; }
    v->state = WAITING;
    if (!welcome && !socketio) has_joined(v);
    return end + 4 - bytes;
}

static void take_page(struct viewer *v, char *bytes, size_t size, int over) {
    // The whole answer is held: it must be complete before the socket is opened.
    char *end = memmem(bytes, size, "\r\n\r\n", 4), *field;
    if (end && v->body_left == -2) {
        if (size < 12 || memcmp(bytes + 9, "200", 3)) { leave(v); return; }
        *end = 0;
        field = strcasestr(bytes, "\r\ncontent-length:");
        v->body_left = field ? strtol(field + 17, NULL, 10) : -1;
        *end = '\r';
    }
    if (!end) {
        if (over) leave(v);
        return;
    }
    size_t body = size - (end + 4 - bytes);
    int whole = v->body_left >= 0 ? body >= (size_t)v->body_left
                                  : size >= 5 && !memcmp(bytes + size - 5, "0\r\n\r\n", 5);
    if (whole) {
        page_bytes += size;
        dial(v, SHAKING);
    } else if (over) {
        leave(v);
    }
}

static void readable(struct viewer *v) {
    size_t held = v->held_size;
    if (held >= CHUNK) { leave(v); return; }
    memcpy(buffer, v->held, held);
    ssize_t got = recv(v->fd, buffer + held, CHUNK - held, 0);
    if (got < 0 && errno == EAGAIN) return;
    int over = got <= 0;
    if (got > 0) window.bytes += got;
    size_t size = held + (over ? 0 : got), done = 0;
    int64_t now = now_ns();
    if (v->state == PAGE) {
        take_page(v, buffer, size, over);
        if (v->state != PAGE) return;
    } else {
        if (over) { leave(v); return; }
        if (v->state == SHAKING) done = take_handshake(v, buffer, size);
        if (v->state == WAITING || v->state == JOINED)
            done += take_frames(v, buffer + done, size - done, now);
        if (v->state == GONE) return;
    }
    v->held_size = size - done;
    if (v->held_size) {
        v->held = realloc(v->held, v->held_size);
        memcpy(v->held, buffer + done, v->held_size);
    } else if (v->held) {
        free(v->held);
        v->held = NULL;
    }
}

static void give_up_late(void) {
    int64_t now = now_ns();
    for (int i = 0; i < started; i++)
        if (!settled(&viewers[i]) && now - viewers[i].began > TIMEOUT_NS) leave(&viewers[i]);
}

static void report(void) {
    int64_t now = now_ns(), least = INT64_MAX, most = 0;
    uint64_t fewest = UINT64_MAX;
    for (int i = 0; i < wanted; i++) {
        if (viewers[i].last < least) least = viewers[i].last;
        if (viewers[i].last > most) most = viewers[i].last;
        if (viewers[i].received < fewest) fewest = viewers[i].received;
    }
    printf("{\"started\": %d, \"joined\": %d, \"refused\": %d, \"closed_early\": %d, \"total\": %llu, "
           "\"fewest\": %llu, \"lost_between\": %llu, \"repeated\": %llu, \"least_s\": %lld, "
           "\"most_s\": %lld, \"page_bytes\": %llu, \"join_seconds\": %.4f, \"join_p50_ms\": %.1f, "
           "\"join_p99_ms\": %.1f, \"seconds\": %.6f, \"messages\": %llu, \"frames\": %llu, "
           "\"bytes\": %llu, \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"longest_ms\": %.1f}\n",
           started, joined, refused, closed_early, (unsigned long long)total,
           (unsigned long long)fewest, (unsigned long long)lost_between,
           (unsigned long long)repeated, (long long)least, (long long)most,
           (unsigned long long)page_bytes, (last_join - first_join) / 1e9, percentile(joins, 0.5),
           percentile(joins, 0.99), (now - window.began) / 1e9,
           (unsigned long long)window.messages, (unsigned long long)window.frames,
           (unsigned long long)window.bytes, percentile(latencies, 0.5),
           percentile(latencies, 0.99), window.longest / 1e6);
    fflush(stdout);
}

static int obey(void) {
    char line[256];
    ssize_t got = read(0, line, sizeof line - 1);
    if (got <= 0) return 0;
    line[got] = 0;
    for (char *word = strtok(line, "\n"); word; word = strtok(NULL, "\n")) {
        if (!strcmp(word, "mark")) {
            memset(latencies, 0, sizeof latencies);
            memset(&window, 0, sizeof window);
            window.began = now_ns();
        } else if (!strcmp(word, "report")) {
            report();
        }
    }
    return 1;
}

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--host")) host = value;
        else if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--path")) path = value;
        else if (!strcmp(name, "--viewers")) wanted = atoi(value);
        else if (!strcmp(name, "--inflight")) inflight = atoi(value);
        else if (!strcmp(name, "--protocol")) socketio = !strcmp(value, "socketio");
        else if (!strcmp(name, "--page")) page = value;
        else if (!strcmp(name, "--welcome")) welcome = value;
        else if (!strcmp(name, "--origin")) origin = value;
        else if (!strcmp(name, "--rooms")) rooms = atoi(value);
        else if (!strcmp(name, "--first")) first = atoi(value);
        else { fprintf(stderr, "load: unknown option %s\n", name); return 2; }
    }
    if (!wanted || !port || !origin || rooms < 1) {
        fprintf(stderr, "load: --port, --viewers and --origin are needed\n");
        return 2;
    }
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, host, &address.sin_addr);
    queue = epoll_create1(0);
    viewers = calloc(wanted, sizeof *viewers);
    for (int i = 0; i < wanted; i++) viewers[i].fd = -1;
    struct epoll_event stdin_event = {.events = EPOLLIN, .data.u32 = UINT32_MAX}, events[1024];
    epoll_ctl(queue, EPOLL_CTL_ADD, 0, &stdin_event);
    int64_t looked = now_ns();
    for (;;) {
        while (started < wanted && busy < inflight) begin(&viewers[started++]);
        int count = epoll_wait(queue, events, 1024, 1000);
        for (int i = 0; i < count; i++) {
            if (events[i].data.u32 == UINT32_MAX) {
                if (!obey()) return 0;
                continue;
            }
            struct viewer *v = &viewers[events[i].data.u32];
            if (v->fd < 0) continue;
            if (events[i].events & EPOLLOUT) {
                int error = 0;
                socklen_t size = sizeof error;
                getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &size);
                if (error) leave(v);
                else ask(v);
            } else {
                readable(v);
            }
        }
        if (now_ns() - looked > 1000000000LL) {
            looked = now_ns();
            give_up_late();
        }
    }
}
