/*
 * The floor of an echo: 6 bytes to and fro on one connection, a blocking read
 * and a write at each end. With an argument, COUNT, it measures and prints the
 * median in microseconds; the other end is a child process of its own.
 */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ECHO_BYTES = 6, WARM_UP = 1000 };

static void must(int holds, const char *what) {
  if (holds) return;
  perror(what);
  exit(1);
}

static void no_delay(int fd) {
  int on = 1;
  must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "setsockopt");
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static void answer(int listener) {
  char bytes[ECHO_BYTES];
  int fd = accept(listener, NULL, NULL);
  must(fd >= 0, "accept");
  no_delay(fd);
  while (read(fd, bytes, ECHO_BYTES) == ECHO_BYTES) {
    if (write(fd, bytes, ECHO_BYTES) != ECHO_BYTES) break;
  }
  exit(0);
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 0;
  must(count > 0, "usage: echo COUNT");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  must(bind(listener, (struct sockaddr *)&address, length) == 0, "bind");
  must(listen(listener, 1) == 0, "listen");
  must(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
  if (fork() == 0) answer(listener);

  int fd = socket(AF_INET, SOCK_STREAM, 0);
  must(connect(fd, (struct sockaddr *)&address, length) == 0, "connect");
  no_delay(fd);
  double *samples = malloc(count * sizeof *samples);
  char bytes[ECHO_BYTES] = {6};
  for (int i = -WARM_UP; i < count; i++) {
    double before = now_us();
    must(write(fd, bytes, ECHO_BYTES) == ECHO_BYTES, "write");
    must(read(fd, bytes, ECHO_BYTES) == ECHO_BYTES, "read");
    if (i >= 0) samples[i] = now_us() - before;
  }
  qsort(samples, count, sizeof *samples, ascending);
  printf("%.3f\n", samples[count / 2]);
  return 0;
}
