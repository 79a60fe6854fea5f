// A disk that forgets, as a library to preload (LD_PRELOAD): of what a program does in one folder, only that
// survives which it made durable. Keeps a second copy of the folder, the shadow, as a disk would hold it after
// a power cut. The crash test kills the program, puts the shadow in the folder's place and starts it again.
//
//   UNSYNCED_DATA     the folder (absolute, no links in it, no folders inside)
//   UNSYNCED_SHADOW   with names/ (at the start: copies of the folder's files) and inodes/ (empty)
//   UNSYNCED_SLOW_MS  how long a sync takes before anything of it is durable
//
// The model, stricter than ext4:
//   - a file's bytes and size are durable as they are when its fsync or fdatasync runs, and not before;
//   - a file's name (made, renamed, removed) is durable when its folder is synced, and not before;
//   - what was not synced is lost as a whole. (Any part of it surviving: tests/sql/power_loss_test.cc.)
// A kill in the middle of a sync leaves half of it, as a power cut would. SQLite's -shm is no file of a disk.
// What is not modelled (mapped or gathered writes, fallocate, *at calls) ends the program with a message.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { kMaxFds = 8192, kMaxNames = 64, kMaxPending = 4096 };

struct Extent {
  off_t from, to;
};

// One file, whatever it is called now; lives as long as the process.
struct File {
  int id;           // its name in inodes/
  int content;      // the real file, opened to read; never closed: that would drop SQLite's locks
  int shadow;       // inodes/<id>
  off_t cut_to;     // the smallest size since the last sync, or -1
  struct Extent* dirty;
  size_t dirty_count, dirty_room;
};

struct Name {
  char text[NAME_MAX + 1];
  struct File* file;
};

struct Pending {
  enum { kMade, kRenamed, kRemoved } what;
  char name[NAME_MAX + 1];
  char to[NAME_MAX + 1];
  int id;
};

static struct File kFolder;  // marks a descriptor of the folder itself
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct File* by_fd[kMaxFds];
static struct Name names[kMaxNames];  // as the program sees them
static struct Pending pending[kMaxPending];
static size_t pending_count;
static int last_id;
static char data[PATH_MAX], shadow[PATH_MAX];
static long slow_ms;

static int (*real_open)(const char*, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_pwrite)(int, const void*, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_rename)(const char*, const char*);
static int (*real_unlink)(const char*);
static int (*real_link)(const char*, const char*);

static void give_up(const char* what, const char* about) {
  fprintf(stderr, "unsynced: %s: %s (%s)\n", what, about, strerror(errno));
  abort();
}

static void* real(const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == NULL) give_up("no such function", name);
  return found;
}

// ---- paths and names ----

// The file's name when the path is one of the folder's files, "." for the folder, else NULL.
static const char* name_in_data(const char* path) {
  const size_t length = strlen(data);
  if (length == 0 || strncmp(path, data, length) != 0) return NULL;
  if (path[length] == '\0' || strcmp(path + length, "/") == 0) return ".";
  if (path[length] != '/') return NULL;
  const char* const name = path + length + 1;
  const size_t size = strlen(name);
  if (size >= 4 && strcmp(name + size - 4, "-shm") == 0) return NULL;
  if (strchr(name, '/') != NULL) give_up("a folder inside the folder is not modelled", path);
  return name;
}

static void shadow_path(char* to, const char* part, const char* name) {
  if (snprintf(to, PATH_MAX, "%s/%s/%s", shadow, part, name) >= PATH_MAX) give_up("too long", name);
}

static void inode_path(char* to, int id) {
  char text[16];
  snprintf(text, sizeof text, "%d", id);
  shadow_path(to, "inodes", text);
}

static struct Name* find_name(const char* text) {
  for (size_t i = 0; i < kMaxNames; ++i) {
    if (names[i].file != NULL && strcmp(names[i].text, text) == 0) return &names[i];
  }
  return NULL;
}

static void set_name(const char* text, struct File* file) {
  struct Name* name = find_name(text);
  for (size_t i = 0; name == NULL && i < kMaxNames; ++i) {
    if (names[i].file == NULL) name = &names[i];
  }
  if (name == NULL) give_up("too many names", text);
  snprintf(name->text, sizeof name->text, "%s", text);
  name->file = file;
}

static void drop_name(const char* text) {
  struct Name* const name = find_name(text);
  if (name != NULL) name->file = NULL;
}

static void remember(int what, const char* name, const char* to, int id) {
  if (pending_count == kMaxPending) give_up("the folder was not synced for too long", name);
  struct Pending* const next = &pending[pending_count++];
  next->what = what;
  next->id = id;
  snprintf(next->name, sizeof next->name, "%s", name);
  snprintf(next->to, sizeof next->to, "%s", to == NULL ? "" : to);
}

// ---- what a sync keeps ----

static struct File* new_file(void) {
  struct File* const file = calloc(1, sizeof *file);
  if (file == NULL) give_up("no memory", "");
  file->id = ++last_id;
  file->content = -1;
  file->cut_to = -1;
  return file;
}

static void open_shadow(struct File* file, int flags) {
  char path[PATH_MAX];
  inode_path(path, file->id);
  file->shadow = real_open(path, O_RDWR | O_CLOEXEC | flags, 0600);
  if (file->shadow < 0) give_up("cannot open the shadow", path);
}

static void mark(struct File* file, off_t from, ssize_t size) {
  if (size <= 0) return;
  struct Extent* const last = file->dirty_count == 0 ? NULL : &file->dirty[file->dirty_count - 1];
  if (last != NULL && from >= last->from && from <= last->to) {
    if (from + size > last->to) last->to = from + size;
    return;
  }
  if (file->dirty_count == file->dirty_room) {
    file->dirty_room = file->dirty_room * 2 + 16;
    file->dirty = realloc(file->dirty, file->dirty_room * sizeof *file->dirty);
    if (file->dirty == NULL) give_up("no memory", "");
  }
  file->dirty[file->dirty_count++] = (struct Extent){from, from + size};
}

static void mark_cut(struct File* file, off_t size) {
  if (file->cut_to < 0 || size < file->cut_to) file->cut_to = size;
}

static void copy_extent(struct File* file, struct Extent extent) {
  char buffer[65536];
  while (extent.from < extent.to) {
    const size_t left = (size_t)(extent.to - extent.from);
    const ssize_t got = pread(file->content, buffer, left < sizeof buffer ? left : sizeof buffer, extent.from);
    if (got < 0) give_up("cannot read the file", "");
    if (got == 0) return;  // cut off since
    if (real_pwrite(file->shadow, buffer, (size_t)got, extent.from) != got) give_up("cannot write the shadow", "");
    extent.from += got;
  }
}

static void keep_file(struct File* file) {
  struct stat now, kept;
  if (fstat(file->content, &now) != 0 || fstat(file->shadow, &kept) != 0) give_up("fstat", "");
  if (file->cut_to >= 0 && file->cut_to < kept.st_size) real_ftruncate(file->shadow, file->cut_to);
  for (size_t i = 0; i < file->dirty_count; ++i) copy_extent(file, file->dirty[i]);
  if (real_ftruncate(file->shadow, now.st_size) != 0) give_up("cannot size the shadow", "");
  file->dirty_count = 0;
  file->cut_to = -1;
}

static void keep_name(const struct Pending* one) {
  char from[PATH_MAX], to[PATH_MAX], beside[PATH_MAX];
  shadow_path(to, "names", one->what == kRenamed ? one->to : one->name);
  if (one->what == kRemoved) {
    real_unlink(to);
  } else if (one->what == kRenamed) {
    shadow_path(from, "names", one->name);
    if (real_rename(from, to) != 0) give_up("cannot rename in the shadow", one->name);
  } else {  // in one step, so that a kill never loses an older file of that name
    inode_path(from, one->id);
    shadow_path(beside, "inodes", "new");
    real_unlink(beside);
    if (real_link(from, beside) != 0 || real_rename(beside, to) != 0) give_up("cannot name in the shadow", one->name);
  }
}

static void keep_names(void) {
  for (size_t i = 0; i < pending_count; ++i) keep_name(&pending[i]);
  pending_count = 0;
}

// ---- start ----

__attribute__((constructor)) static void start(void) {
  real_open = real("open64");
  real_close = real("close");
  real_write = real("write");
  real_pwrite = real("pwrite64");
  real_ftruncate = real("ftruncate64");
  real_fsync = real("fsync");
  real_rename = real("rename");
  real_unlink = real("unlink");
  real_link = real("link");
  if (getenv("UNSYNCED_DATA") == NULL || getenv("UNSYNCED_SHADOW") == NULL) return;
  snprintf(data, sizeof data, "%s", getenv("UNSYNCED_DATA"));
  snprintf(shadow, sizeof shadow, "%s", getenv("UNSYNCED_SHADOW"));
  if (getenv("UNSYNCED_SLOW_MS") != NULL) slow_ms = atol(getenv("UNSYNCED_SLOW_MS"));
  char path[PATH_MAX], inode[PATH_MAX];
  shadow_path(path, "names", "");
  DIR* const folder = opendir(path);
  if (folder == NULL) give_up("no shadow", path);
  for (const struct dirent* entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    struct File* const file = new_file();
    shadow_path(path, "names", entry->d_name);
    inode_path(inode, file->id);
    if (real_link(path, inode) != 0) give_up("cannot link", path);
    open_shadow(file, 0);
    set_name(entry->d_name, file);
  }
  closedir(folder);
}

// ---- what the program calls ----

static void track(int fd, struct File* file) {
  if (fd >= kMaxFds) give_up("too many descriptors", "");
  by_fd[fd] = file;
}

static struct File* tracked(int fd) { return fd >= 0 && fd < kMaxFds ? by_fd[fd] : NULL; }

static void opened(int fd, const char* path, const char* name, int flags) {
  struct Name* known = find_name(name);
  if (known == NULL) {
    if ((flags & O_CREAT) == 0) give_up("a file that nobody made", path);
    struct File* const made = new_file();
    open_shadow(made, O_CREAT | O_EXCL);
    set_name(name, made);
    remember(kMade, name, NULL, made->id);
    known = find_name(name);
  }
  struct File* const file = known->file;
  if (file->content < 0) file->content = real_open(path, O_RDONLY | O_CLOEXEC);
  if (file->content < 0) give_up("cannot read", path);
  if ((flags & O_TRUNC) != 0) mark_cut(file, 0);
  track(fd, file);
}

static int open_any(const char* path, int flags, mode_t mode) {
  const char* const name = name_in_data(path);
  if (name == NULL) return real_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  const int fd = real_open(path, flags, mode);
  const int why = errno;
  if (fd >= 0 && strcmp(name, ".") == 0) track(fd, &kFolder);
  if (fd >= 0 && strcmp(name, ".") != 0) opened(fd, path, name, flags);
  pthread_mutex_unlock(&lock);
  errno = why;
  return fd;
}

static mode_t mode_of(int flags, va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0; }

#define DEFINE_OPEN(function)                      \
  int function(const char* path, int flags, ...) { \
    va_list rest;                                  \
    va_start(rest, flags);                         \
    const mode_t mode = mode_of(flags, rest);      \
    va_end(rest);                                  \
    return open_any(path, flags, mode);            \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

// The checked forms that _FORTIFY_SOURCE calls.
int __open_2(const char* path, int flags);
int __open64_2(const char* path, int flags);
int __open_2(const char* path, int flags) { return open_any(path, flags, 0); }
int __open64_2(const char* path, int flags) { return open_any(path, flags, 0); }

#define DEFINE_OPENAT(function)                                                                    \
  int function(int folder, const char* path, int flags, ...) {                                     \
    va_list rest;                                                                                  \
    va_start(rest, flags);                                                                         \
    const mode_t mode = mode_of(flags, rest);                                                      \
    va_end(rest);                                                                                  \
    if (folder == AT_FDCWD || path[0] == '/') return open_any(path, flags, mode);                  \
    if (tracked(folder) != NULL) give_up("openat in the folder is not modelled", path);            \
    return ((int (*)(int, const char*, int, ...))real("openat64"))(folder, path, flags, mode);     \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int creat(const char* path, mode_t mode) { return open_any(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char* path, mode_t mode) { return open_any(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd) {
  if (tracked(fd) != NULL) by_fd[fd] = NULL;
  return real_close(fd);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  struct File* const file = tracked(fd);
  if (file == NULL) return real_write(fd, bytes, size);
  pthread_mutex_lock(&lock);
  const ssize_t written = real_write(fd, bytes, size);
  const int why = errno;
  if (written > 0) mark(file, lseek(fd, 0, SEEK_CUR) - written, written);
  pthread_mutex_unlock(&lock);
  errno = why;
  return written;
}

static ssize_t pwrite_any(int fd, const void* bytes, size_t size, off_t at) {
  struct File* const file = tracked(fd);
  if (file == NULL) return real_pwrite(fd, bytes, size, at);
  pthread_mutex_lock(&lock);
  const ssize_t written = real_pwrite(fd, bytes, size, at);
  const int why = errno;
  mark(file, at, written);
  pthread_mutex_unlock(&lock);
  errno = why;
  return written;
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) { return pwrite_any(fd, bytes, size, at); }
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) { return pwrite_any(fd, bytes, size, at); }

static int ftruncate_any(int fd, off_t size) {
  struct File* const file = tracked(fd);
  if (file == NULL) return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  const int result = real_ftruncate(fd, size);
  const int why = errno;
  if (result == 0) mark_cut(file, size);
  pthread_mutex_unlock(&lock);
  errno = why;
  return result;
}
int ftruncate(int fd, off_t size) { return ftruncate_any(fd, size); }
int ftruncate64(int fd, off64_t size) { return ftruncate_any(fd, size); }

// The real disk is left alone: only the shadow is looked at afterwards.
static int sync_any(int fd) {
  struct File* const file = tracked(fd);
  if (file == NULL) return real_fsync(fd);
  const struct timespec pause = {slow_ms / 1000, slow_ms % 1000 * 1000000};
  if (slow_ms > 0) nanosleep(&pause, NULL);
  pthread_mutex_lock(&lock);
  if (file == &kFolder) {
    keep_names();
  } else {
    keep_file(file);
  }
  pthread_mutex_unlock(&lock);
  return 0;
}
int fsync(int fd) { return sync_any(fd); }
int fdatasync(int fd) { return sync_any(fd); }

int rename(const char* from, const char* to) {
  const char* const name = name_in_data(from);
  const char* const new_name = name_in_data(to);
  if (name == NULL && new_name == NULL) return real_rename(from, to);
  if (name == NULL || new_name == NULL) give_up("a rename into or out of the folder is not modelled", from);
  pthread_mutex_lock(&lock);
  const int result = real_rename(from, to);
  const int why = errno;
  if (result == 0) {
    set_name(new_name, find_name(name)->file);
    drop_name(name);
    remember(kRenamed, name, new_name, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = why;
  return result;
}

int unlink(const char* path) {
  const char* const name = name_in_data(path);
  if (name == NULL) return real_unlink(path);
  pthread_mutex_lock(&lock);
  const int result = real_unlink(path);
  const int why = errno;
  if (result == 0) {
    drop_name(name);
    remember(kRemoved, name, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = why;
  return result;
}
int link(const char* from, const char* to) {
  const char* const name = name_in_data(from);
  const char* const new_name = name_in_data(to);
  if (name == NULL && new_name == NULL) return real_link(from, to);
  if (name == NULL || new_name == NULL) give_up("a link into or out of the folder is not modelled", from);
  pthread_mutex_lock(&lock);
  const int result = real_link(from, to);
  const int why = errno;
  if (result == 0) {
    struct File* const file = find_name(name)->file;
    set_name(new_name, file);
    remember(kMade, new_name, NULL, file->id);
  }
  pthread_mutex_unlock(&lock);
  errno = why;
  return result;
}
int remove(const char* path) {
  if (name_in_data(path) != NULL) return unlink(path);
  return ((int (*)(const char*))real("remove"))(path);
}

// ---- what is not modelled: noticed, never silently let through ----

#define REFUSE_IF_TRACKED(fd) \
  if (tracked(fd) != NULL) give_up("not modelled", __func__)

ssize_t writev(int fd, const struct iovec* parts, int count) {
  REFUSE_IF_TRACKED(fd);
  return ((ssize_t(*)(int, const struct iovec*, int))real("writev"))(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t at) {
  REFUSE_IF_TRACKED(fd);
  return ((ssize_t(*)(int, const struct iovec*, int, off_t))real("pwritev"))(fd, parts, count, at);
}
ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t at) { return pwritev(fd, parts, count, at); }
int fallocate(int fd, int mode, off_t from, off_t size) {
  REFUSE_IF_TRACKED(fd);
  return ((int (*)(int, int, off_t, off_t))real("fallocate"))(fd, mode, from, size);
}
int fallocate64(int fd, int mode, off64_t from, off64_t size) { return fallocate(fd, mode, from, size); }
int posix_fallocate(int fd, off_t from, off_t size) {
  REFUSE_IF_TRACKED(fd);
  return ((int (*)(int, off_t, off_t))real("posix_fallocate"))(fd, from, size);
}
int posix_fallocate64(int fd, off64_t from, off64_t size) { return posix_fallocate(fd, from, size); }

static void* mmap_any(void* where, size_t size, int access, int flags, int fd, off_t at) {
  if ((access & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0) REFUSE_IF_TRACKED(fd);
  return ((void* (*)(void*, size_t, int, int, int, off_t))real("mmap"))(where, size, access, flags, fd, at);
}
void* mmap(void* where, size_t size, int access, int flags, int fd, off_t at) {
  return mmap_any(where, size, access, flags, fd, at);
}
void* mmap64(void* where, size_t size, int access, int flags, int fd, off64_t at) {
  return mmap_any(where, size, access, flags, fd, at);
}

static void refuse_path(const char* path) {
  if (name_in_data(path) != NULL) give_up("not modelled", path);
}
int unlinkat(int folder, const char* path, int flags) {
  REFUSE_IF_TRACKED(folder);
  refuse_path(path);
  return ((int (*)(int, const char*, int))real("unlinkat"))(folder, path, flags);
}
int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  refuse_path(from);
  refuse_path(to);
  return ((int (*)(int, const char*, int, const char*, int))real("linkat"))(from_folder, from, to_folder, to, flags);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  REFUSE_IF_TRACKED(from_folder);
  refuse_path(from);
  refuse_path(to);
  return ((int (*)(int, const char*, int, const char*))real("renameat"))(from_folder, from, to_folder, to);
}
