"""llama.cpp on one model, one process a measurement. Driven by `decode`.

    python llama_peer.py measure MODEL THREADS on|off DEPTH TOKENS PROMPT      flash attention on or off
    python llama_peer.py quantize MODEL TO FORMAT

Both answer with one line of JSON. Tokens are drawn: others cost the same. What is timed is `llama_decode` until its results are
there, with the logits of the last token alone, as the library's own programs call it; nothing of Python's but the call. Prompts go in batches of 512.
"""

import json
import sys
import time

import llama_cpp as llama

BATCH = 512


class Context:
    """An empty context, and tokens read into it."""

    def __init__(self, path, threads, flash, n_ctx):
        llama.llama_backend_init()
        self.model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
        assert self.model, f"llama.cpp does not read {path}"
        parameters = llama.llama_context_default_params()
        parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = n_ctx, BATCH, BATCH
        parameters.n_threads = parameters.n_threads_batch = threads
        enabled, disabled = llama.LLAMA_FLASH_ATTN_TYPE_ENABLED, llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.flash_attn_type = enabled if flash == "on" else disabled
        self.context = llama.llama_init_from_model(self.model, parameters)
        assert self.context, "no context"
        self.batch = llama.llama_batch_init(BATCH, 0, 1)
        self.clear()

    def clear(self):
        llama.llama_memory_clear(llama.llama_get_memory(self.context), True)
        self.position = 0

    def fill(self, tokens):
        """What is read next."""
        for i, token in enumerate(tokens):
            self.batch.token[i], self.batch.pos[i] = token, self.position + i
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, 0
            self.batch.logits[i] = i == len(tokens) - 1
        self.batch.n_tokens = len(tokens)
        self.position += len(tokens)

    def read(self, tokens):
        """Wall and CPU milliseconds."""
        wall_ms = cpu_ms = 0.0
        for first in range(0, len(tokens), BATCH):
            self.fill(tokens[first : first + BATCH])
            wall, cpu = time.perf_counter(), time.process_time()
            failed = llama.llama_decode(self.context, self.batch)
            llama.llama_synchronize(self.context)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            assert not failed, f"llama_decode gave {failed}"
            wall_ms, cpu_ms = wall_ms + 1e3 * wall, cpu_ms + 1e3 * cpu
        return wall_ms, cpu_ms


def drawn(n, n_vocab):
    """The tokens of our benchmark: Knuth's MMIX."""
    state, tokens = 1, []
    for _ in range(n):
        tokens.append((state >> 33) % n_vocab)
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return tokens


def each(cost, n):
    wall_ms, cpu_ms = cost
    return {"wall_ms": wall_ms / n, "cpu_ms": cpu_ms / n}


def measure(path, threads, flash, depth, n_alone, n_prompt):
    context = Context(path, int(threads), flash, max(int(depth) + int(n_alone), int(n_prompt)))
    depth, n_alone, n_prompt = int(depth), int(n_alone), int(n_prompt)
    tokens = drawn(max(depth + n_alone, n_prompt), llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(context.model)))

    def prompt():
        context.clear()
        return context.read(tokens[:n_prompt])

    def alone():
        context.clear()
        context.read(tokens[:depth])
        costs = [context.read([token]) for token in tokens[depth : depth + n_alone]]
        return [sum(cost) for cost in zip(*costs)]

    prompt()  # to warm up
    result = {"prompt": each(prompt(), n_prompt)}
    alone()
    return result | {"token": each(alone(), n_alone)}


def quantize(path, to, ftype):
    parameters = llama.llama_model_quantize_default_params()
    parameters.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{ftype}")
    parameters.allow_requantize = True
    failed = llama.llama_model_quantize(path.encode(), to.encode(), parameters)
    assert not failed, f"llama.cpp does not write {to}"
    return {"written": to}


def main():
    work = {"measure": measure, "quantize": quantize}[sys.argv[1]]
    # llama.cpp writes its log to stderr; the answer goes to stdout alone.
    print(json.dumps(work(*sys.argv[2:])))


main()
