"""Fields that other servers of OpenAI's kind have: vLLM, llama.cpp, LM Studio, ollama, SGLang,
OpenRouter. What of them can be had stands in `requests`; here stands what becomes of the others.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from rbee.queen.front.fields import KEPT_ANYWAY, done, passes, refused

#: How long a model stays loaded behind a request, in the words of ollama and of LM Studio.
KeptFor = Annotated[
    float | str | None,
    done(
        'how long the model stays loaded: seconds, or `"5m"`; -1: for ever. '
        "With an API key it changes nothing"
    ),
]
_SAMPLERS = "the engine has no such sampler"
_ORDER = "the engine has an order of its own"
_NOBODY_ELSE = "no other provider is asked"
_FORM = "ask for a JSON schema (`response_format`, `text.format`)"
_OF_TOKENS = "answers are texts"
_DRAFT = "a draft changes the speed of an answer alone"
_OF_SLOTS = "the queen chooses worker and slot"
_WHOLE_ANSWER = "all fields are answered"
_FITS = "what does not fit is refused"
_FLOATS = "say `encoding_format`: numbers travel as floats"


def _called(name: str) -> Any:
    """A field whose name is none in Python."""
    return msgspec.field(default=None, name=name)


class Elsewhere(msgspec.Struct, kw_only=True):
    """Of chats and of texts."""

    # Of OpenAI.
    user: Annotated[Any, passes("the key tells who asks")] = None
    safety_identifier: Annotated[Any, passes("the key tells who asks")] = None
    store: Annotated[Any, passes("jobs are kept for a while in any case, answers are not")] = None
    metadata: Annotated[Any, passes("belongs to what is stored")] = None
    service_tier: Annotated[Any, passes("there is one")] = None
    prompt_cache_key: Annotated[Any, passes(KEPT_ANYWAY)] = None
    prompt_cache_retention: Annotated[Any, passes(KEPT_ANYWAY)] = None
    prediction: Annotated[Any, passes(_DRAFT)] = None
    # Of vLLM and SGLang.
    use_beam_search: Annotated[Any, refused("answers are drawn token by token", False)] = None
    length_penalty: Annotated[Any, refused("it is one of beam search", 1)] = None
    early_stopping: Annotated[Any, refused("it is one of beam search", False)] = None
    stop_token_ids: Annotated[Any, refused("say `stop`, as text", [])] = None
    stop_regex: Annotated[Any, refused("say `stop`, as text", "", [])] = None
    include_stop_str_in_output: Annotated[Any, refused("an answer ends before it", False)] = None
    no_stop_trim: Annotated[Any, refused("an answer ends before the text of `stop`", False)] = None
    skip_special_tokens: Annotated[Any, refused("marks of the template are no text", True)] = None
    spaces_between_special_tokens: Annotated[Any, passes("marks are no text")] = None
    truncate_prompt_tokens: Annotated[Any, refused("what does not fit is refused", -1)] = None
    prompt_logprobs: Annotated[Any, refused("say `echo` and `logprobs` of a text", False)] = None
    allowed_token_ids: Annotated[Any, refused("weigh tokens by `logit_bias`", [])] = None
    bad_words: Annotated[Any, refused("weigh tokens by `logit_bias`", [])] = None
    logits_processors: Annotated[Any, refused("no code of others runs here", [])] = None
    return_tokens_as_token_ids: Annotated[Any, refused(_OF_TOKENS, False)] = None
    return_token_ids: Annotated[Any, refused(_OF_TOKENS, False)] = None
    guided_regex: Annotated[Any, refused(_FORM, "")] = None
    guided_choice: Annotated[Any, refused(_FORM + " with an `enum`", [])] = None
    guided_decoding_backend: Annotated[Any, passes("each engine has one")] = None
    guided_whitespace_pattern: Annotated[Any, refused("it is the engine's", "")] = None
    regex: Annotated[Any, refused(_FORM, "")] = None
    priority: Annotated[Any, passes("callers take turns, by their keys")] = None
    request_id: Annotated[Any, passes("each answer has one of its own, in `x-request-id`")] = None
    rid: Annotated[Any, passes("each answer has one of its own, in `x-request-id`")] = None
    cache_salt: Annotated[Any, passes(KEPT_ANYWAY)] = None
    kv_transfer_params: Annotated[Any, passes(KEPT_ANYWAY)] = None
    vllm_xargs: Annotated[Any, refused("there are no such extensions", {})] = None
    lora_path: Annotated[Any, refused("take it for a model of its own", "", [])] = None
    session_params: Annotated[Any, refused("each request stands for itself", {})] = None
    structural_tag: Annotated[Any, refused(_FORM, "")] = None
    return_hidden_states: Annotated[Any, refused(_OF_TOKENS, False)] = None
    return_routed_experts: Annotated[Any, refused(_OF_TOKENS, False)] = None
    return_cached_tokens_details: Annotated[Any, refused(_WHOLE_ANSWER, False)] = None
    custom_logit_processor: Annotated[Any, refused("no code of others runs here", "")] = None
    custom_params: Annotated[Any, passes("goes with `custom_logit_processor`")] = None
    extra_key: Annotated[Any, passes(KEPT_ANYWAY)] = None
    data_parallel_rank: Annotated[Any, passes(_OF_SLOTS)] = None
    bootstrap_host: Annotated[Any, passes(_OF_SLOTS)] = None
    bootstrap_port: Annotated[Any, passes(_OF_SLOTS)] = None
    bootstrap_room: Annotated[Any, passes(_OF_SLOTS)] = None
    # Of llama.cpp.
    grammar_lazy: Annotated[Any, refused("an answer begins with its form", False)] = None
    grammar_triggers: Annotated[Any, refused("an answer begins with its form", [])] = None
    preserved_tokens: Annotated[Any, refused("marks of the template are no text", [])] = None
    backend_sampling: Annotated[Any, passes("where tokens are drawn changes none of them")] = None
    adaptive_target: Annotated[Any, refused(_SAMPLERS, -1)] = None
    adaptive_decay: Annotated[Any, passes("goes with `adaptive_target`")] = None
    speculative_n_max: Annotated[Any, passes(_DRAFT)] = _called("speculative.n_max")
    speculative_n_min: Annotated[Any, passes(_DRAFT)] = _called("speculative.n_min")
    speculative_p_min: Annotated[Any, passes(_DRAFT)] = _called("speculative.p_min")
    id_slot: Annotated[Any, passes(_OF_SLOTS)] = None
    n_keep: Annotated[Any, passes("no context is shifted: it ends with `length`")] = None
    n_discard: Annotated[Any, passes("no context is shifted: it ends with `length`")] = None
    n_indent: Annotated[Any, refused("answers end by `stop` and `max_tokens`", 0)] = None
    n_probs: Annotated[Any, refused("say `logprobs`", 0)] = None
    min_keep: Annotated[Any, refused("samplers keep one token or more", 0, 1)] = None
    n_cache_reuse: Annotated[Any, passes(KEPT_ANYWAY)] = None
    t_max_predict_ms: Annotated[Any, refused("say `max_tokens`", -1, 0)] = None
    lora: Annotated[Any, refused("take it for a model of its own", [])] = None
    post_sampling_probs: Annotated[Any, passes("goes with `n_probs`")] = None
    return_tokens: Annotated[Any, refused(_OF_TOKENS, False)] = None
    return_progress: Annotated[Any, refused("progress is told as comments", False)] = None
    timings_per_token: Annotated[Any, refused("an answer has no times", False)] = None
    response_fields: Annotated[Any, refused(_WHOLE_ANSWER, [])] = None
    samplers: Annotated[Any, refused(_ORDER, [], "")] = None
    penalize_nl: Annotated[Any, refused("all tokens are treated alike", False)] = None
    tfs_z: Annotated[Any, refused("engines have it no more", 1)] = None
    # Of text-generation-webui, KoboldCpp, TabbyAPI and Aphrodite, as SillyTavern sends them.
    top_a: Annotated[Any, refused(_SAMPLERS, 0)] = None
    tfs: Annotated[Any, refused(_SAMPLERS, 1)] = None
    smoothing_factor: Annotated[Any, refused(_SAMPLERS, 0)] = None
    smoothing_curve: Annotated[Any, passes("goes with `smoothing_factor`")] = None
    epsilon_cutoff: Annotated[Any, refused(_SAMPLERS, 0)] = None
    eta_cutoff: Annotated[Any, refused(_SAMPLERS, 0)] = None
    penalty_alpha: Annotated[Any, refused(_SAMPLERS, 0)] = None
    skew: Annotated[Any, refused(_SAMPLERS, 0)] = None
    encoder_repetition_penalty: Annotated[Any, refused(_SAMPLERS, 1)] = None
    no_repeat_ngram_size: Annotated[Any, refused(_SAMPLERS, 0)] = None
    guidance_scale: Annotated[Any, refused(_SAMPLERS, 1)] = None
    negative_prompt: Annotated[Any, passes("goes with `guidance_scale`")] = None
    dynamic_temperature: Annotated[Any, refused("say `dynatemp_range`", False)] = None
    dynatemp_low: Annotated[Any, passes("goes with `dynamic_temperature`")] = None
    dynatemp_high: Annotated[Any, passes("goes with `dynamic_temperature`")] = None
    mirostat_mode: Annotated[Any, refused("say `mirostat`", 0)] = None
    num_beams: Annotated[Any, refused("answers are drawn token by token", 1)] = None
    do_sample: Annotated[Any, refused("say `temperature` 0", True)] = None
    temperature_last: Annotated[Any, refused(_ORDER, False)] = None
    sampler_order: Annotated[Any, refused(_ORDER, [], "")] = None
    sampler_priority: Annotated[Any, refused(_ORDER, [], "")] = None
    sampler_seed: Annotated[Any, refused("say `seed`", -1)] = None
    max_length: Annotated[Any, refused("say `max_tokens`")] = None
    rep_pen: Annotated[Any, refused("say `repeat_penalty`", 1)] = None
    rep_pen_range: Annotated[Any, refused("say `repeat_last_n`", 0)] = None
    repetition_penalty_range: Annotated[Any, refused("say `repeat_last_n`", 0)] = None
    stopping_strings: Annotated[Any, refused("say `stop`", [])] = None
    stop_sequence: Annotated[Any, refused("say `stop`", [], "")] = None
    add_bos_token: Annotated[Any, refused("the model's own marks belong to it", True)] = None
    ban_eos_token: Annotated[Any, refused("say `ignore_eos`", False)] = None
    banned_tokens: Annotated[Any, refused("weigh tokens by `logit_bias`", [], "")] = None
    custom_token_bans: Annotated[Any, refused("weigh tokens by `logit_bias`", [], "")] = None
    banned_strings: Annotated[Any, refused("weigh tokens by `logit_bias`", [], "")] = None
    grammar_string: Annotated[Any, refused("say `grammar`, in GBNF", "")] = None
    truncation_length: Annotated[Any, passes("what does not fit is refused")] = None
    max_context_length: Annotated[Any, passes("what does not fit is refused")] = None
    api_type: Annotated[Any, passes("there is one")] = None
    api_server: Annotated[Any, passes("is where it was sent")] = None
    # Of ollama, LM Studio and OpenRouter.
    keep_alive: KeptFor = None
    ttl: Annotated[
        float | str | None, done("LM Studio's word for `keep_alive`, which counts before it")
    ] = None
    draft_model: Annotated[Any, passes(_DRAFT)] = None
    options: Annotated[Any, refused("say each by itself, by OpenAI's name", {})] = None
    format: Annotated[Any, refused(_FORM, "")] = None
    transforms: Annotated[Any, refused("what does not fit is refused", [])] = None
    models: Annotated[Any, refused("one model answers; name it as `model`", [])] = None
    route: Annotated[Any, passes(_NOBODY_ELSE)] = None
    provider: Annotated[Any, passes(_NOBODY_ELSE)] = None
    plugins: Annotated[Any, refused("there are none", [])] = None
    session_id: Annotated[Any, passes("each request stands for itself")] = None
    trace: Annotated[Any, passes("belongs to who sends it")] = None
    # Of Mistral, Together, Fireworks and DashScope.
    safe_prompt: Annotated[Any, refused("say it in `messages`", False)] = None
    context_length_exceeded_behavior: Annotated[Any, refused(_FITS, "error")] = None
    prompt_truncate_len: Annotated[Any, refused(_FITS)] = None
    perf_metrics_in_response: Annotated[Any, refused("an answer has no times", False)] = None
    raw_output: Annotated[Any, refused(_WHOLE_ANSWER, False)] = None
    enable_search: Annotated[Any, refused("nothing is searched; offer a tool", False)] = None
    # What clients unpack by themselves.
    extra_body: Annotated[Any, refused("send its fields beside the others", {})] = None
    extra_headers: Annotated[Any, refused("send them as headers", {})] = None
    extra_query: Annotated[Any, refused("send it behind the path", {})] = None
    vl_high_resolution_images: Annotated[Any, passes("a model sees a picture its own way")] = None


class VectorsElsewhere(msgspec.Struct, kw_only=True):
    """Of embeddings."""

    user: Annotated[Any, passes("the key tells who asks")] = None
    metadata: Annotated[Any, passes("belongs to what is stored")] = None
    priority: Annotated[Any, passes("callers take turns, by their keys")] = None
    request_id: Annotated[Any, passes("each answer has one of its own, in `x-request-id`")] = None
    keep_alive: KeptFor = None
    ttl: Annotated[
        float | str | None, done("LM Studio's word for `keep_alive`, which counts before it")
    ] = None
    provider: Annotated[Any, passes(_NOBODY_ELSE)] = None
    options: Annotated[Any, refused("there are none", {})] = None
    normalize: Annotated[Any, refused("each vector is of length 1", True)] = None
    embd_normalize: Annotated[Any, refused("each vector is of length 1", 2)] = None
    truncate: Annotated[Any, refused("what does not fit is refused", False)] = None
    truncate_prompt_tokens: Annotated[Any, refused("what does not fit is refused", -1)] = None
    input_type: Annotated[Any, refused("write what the model wants into the text")] = None
    task: Annotated[Any, refused("write what the model wants into the text")] = None
    instruction: Annotated[Any, refused("write what the model wants into the text", "")] = None
    add_special_tokens: Annotated[Any, refused("the model's own marks belong to it", True)] = None
    normalized: Annotated[Any, refused("each vector is of length 1", True)] = None
    late_chunking: Annotated[Any, refused("each text has a vector of its own", False)] = None
    embedding_type: Annotated[Any, refused("say `encoding_format`", "float")] = None
    output_dtype: Annotated[Any, refused("say `encoding_format`", "float")] = None
    embed_dtype: Annotated[Any, refused(_FLOATS, "float32")] = None
    endianness: Annotated[Any, refused(_FLOATS, "native", "little")] = None
    truncation: Annotated[Any, refused(_FITS, False)] = None
    extra_body: Annotated[Any, refused("send its fields beside the others", {})] = None
