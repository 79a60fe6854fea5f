// A file system for SQLite that fails on demand and can lose power. It wraps the system's one and keeps, for
// every file, what a disk would have kept: writes count only once xSync has made them durable.
//
//   FaultVfs vfs;  options.vfs = vfs.name();
//   vfs.fail(k, kSyncs)     the k-th sync from now on fails, once or for ever
//   vfs.cut_power_at(k)     from the k-th write or sync on, nothing reaches the files any more
//   vfs.restore(where, …)   the files as a restarted machine would find them
//
// Files that exist when they are first opened count as durable. Thread-safe; outlives every connection.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace countersign::sql {

enum FaultKind : unsigned { kWrites = 1, kSyncs = 2, kBoth = 3 };
enum class Repeat { kOnce, kForEver };
enum class Survivors { kSynced, kSyncedAndSome };  // a disk may also keep any part of what was not synced

class FaultVfs {
 public:
  FaultVfs() : real_(sqlite3_vfs_find(nullptr)) {
    static std::atomic<int> count = 0;
    name_ = "fault-" + std::to_string(++count);
    vfs_ = *real_;
    vfs_.zName = name_.c_str();
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.pAppData = this;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  const std::string& name() const { return name_; }

  void fail(int at, unsigned kinds, Repeat repeat, int code = 0) {
    const std::lock_guard lock(mutex_);
    fail_in_ = at;
    kinds_ = kinds;
    repeat_ = repeat;
    code_ = code;
    fired_ = false;
  }
  void heal() { fail(0, 0, Repeat::kOnce); }
  bool fired() const { return fired_; }

  void cut_power_at(int operation) {
    const std::lock_guard lock(mutex_);
    cut_in_ = operation;
  }
  void cut_power() { powered_ = false; }
  bool powered() const { return powered_; }

  // The files as power loss leaves them.
  void restore(const std::filesystem::path& directory, Survivors survivors = Survivors::kSynced, unsigned seed = 1) {
    const std::lock_guard lock(mutex_);
    std::minstd_rand random(seed);
    for (auto& [path, disk] : disks_) {
      std::string image = disk.durable;
      bool exists = disk.exists;
      for (const Change& change : disk.pending) {
        if (survivors == Survivors::kSynced || random() % 2 == 0) continue;
        change.apply(image);
        exists = true;
      }
      if (!exists) continue;
      std::ofstream(directory / std::filesystem::path(path).filename(), std::ios::binary) << image;
    }
  }
  std::uint64_t syncs() const { return syncs_; }

 private:
  struct Change {
    std::size_t offset;
    std::string bytes;
    bool truncates;

    void apply(std::string& image) const {
      if (truncates) return image.resize(offset);
      if (image.size() < offset + bytes.size()) image.resize(offset + bytes.size());
      image.replace(offset, bytes.size(), bytes);
    }
  };
  struct Disk {
    bool exists = false;
    std::string durable;
    std::vector<Change> pending;
  };
  struct File {
    sqlite3_file base;
    FaultVfs* owner;
    Disk* disk;

    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }

  // What an operation that changes files has to answer: SQLITE_OK lets it through.
  int admit(FaultKind kind, int natural_code) {
    const std::lock_guard lock(mutex_);
    if (cut_in_ > 0 && --cut_in_ == 0) powered_ = false;
    if (!powered_) return natural_code;
    if (kind == kSyncs) ++syncs_;
    if (fail_in_ == 0 || (kinds_ & kind) == 0) return SQLITE_OK;
    if (fail_in_ > 1) return --fail_in_, SQLITE_OK;
    if (repeat_ == Repeat::kOnce) fail_in_ = 0;
    fired_ = true;
    return code_ != 0 ? code_ : natural_code;
  }
  void note(Disk* disk, Change change) {
    const std::lock_guard lock(mutex_);
    disk->pending.push_back(std::move(change));
  }
  void settle(Disk* disk) {
    const std::lock_guard lock(mutex_);
    for (const Change& change : disk->pending) change.apply(disk->durable);
    disk->pending.clear();
    disk->exists = true;
  }
  Disk* disk_of(const std::string& path) {
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = disks_.try_emplace(path);
    std::ifstream file(path, std::ios::binary);
    if (is_new && file) {
      at->second = {true, std::string(std::istreambuf_iterator<char>(file), {}), {}};
    }
    return &at->second;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    File& mine = of(file);
    mine.base.pMethods = nullptr;
    mine.owner = self;
    mine.disk = path != nullptr ? self->disk_of(path) : nullptr;
    const int code = self->real_->xOpen(self->real_, path, mine.real(), flags, out);
    if (code == SQLITE_OK) mine.base.pMethods = &kMethods;
    return code;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    if (!self->powered_) return SQLITE_IOERR_DELETE;
    const int code = self->real_->xDelete(self->real_, path, sync);
    const std::lock_guard lock(self->mutex_);
    if (code == SQLITE_OK) self->disks_[path] = {};
    return code;
  }

  static int close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
  static int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, size, at);
  }
  static int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
    if (const int refused = of(f).owner->admit(kWrites, SQLITE_IOERR_WRITE)) return refused;
    if (of(f).disk != nullptr) {
      std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
      of(f).owner->note(of(f).disk, {static_cast<std::size_t>(at), std::move(bytes), false});
    }
    return real(f)->pMethods->xWrite(real(f), from, size, at);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    if (const int refused = of(f).owner->admit(kWrites, SQLITE_IOERR_TRUNCATE)) return refused;
    if (of(f).disk != nullptr) of(f).owner->note(of(f).disk, {static_cast<std::size_t>(size), {}, true});
    return real(f)->pMethods->xTruncate(real(f), size);
  }
  static int sync(sqlite3_file* f, int flags) {
    if (const int refused = of(f).owner->admit(kSyncs, SQLITE_IOERR_FSYNC)) return refused;
    const int code = real(f)->pMethods->xSync(real(f), flags);
    if (code == SQLITE_OK && of(f).disk != nullptr) of(f).owner->settle(of(f).disk);
    return code;
  }
  static int size(sqlite3_file* f, sqlite3_int64* out) { return real(f)->pMethods->xFileSize(real(f), out); }
  static int lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
  static int unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
  static int reserved(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
  static int control(sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
  static int sector(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
  static int traits(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
  static int shm_map(sqlite3_file* f, int page, int bytes, int extend, void volatile** out) {
    return real(f)->pMethods->xShmMap(real(f), page, bytes, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
  }
  static void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
  static int shm_unmap(sqlite3_file* f, int drop) { return real(f)->pMethods->xShmUnmap(real(f), drop); }

  // Version 2: with the shared index of the write-ahead log, without mapped reads.
  static constexpr sqlite3_io_methods kMethods{2,        close,       read,      write,   truncate, sync,   size,
                                               lock,     unlock,      reserved,  control, sector,   traits, shm_map,
                                               shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};

  sqlite3_vfs* const real_;
  std::string name_;
  sqlite3_vfs vfs_{};

  std::mutex mutex_;  // guards what follows
  std::map<std::string, Disk> disks_;
  int fail_in_ = 0;
  unsigned kinds_ = 0;
  Repeat repeat_ = Repeat::kOnce;
  int code_ = 0;
  int cut_in_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<bool> fired_ = false;
  std::atomic<bool> powered_ = true;
};

}  // namespace countersign::sql
