Feature: A Python program uses the swarm: rbee.swarm()
  What is asleep is woken for a program as for a person, and sleeps again behind it. docs/python.md
  shows all of it.

  Scenario: Answers, pieces, vectors, and errors that say what to do
    When this program runs
      """
      import rbee

      with rbee.swarm() as swarm:
          print(swarm.chat("hello", temperature=0).text.strip())
          with swarm.stream("tell me a story", temperature=0) as story:
              print("".join(story) and story.answer.finish_reason)
          print(len(swarm.embed(["bees", "honey"])))
          print([machine.hive_id for machine in swarm.machines()])
          try:
              swarm.chat("hello", tempreture=0)
          except rbee.RbeeError as error:
              print(error.code)
      """
    Then it has printed
      """
      Hello! How can I help you today?
      stop
      2
      ['localhost']
      invalid_request
      """
    And nothing is left running

  Scenario: Several answers at once, one that is called off, one that is left early
    Given a hub that holds "author/endless-llama"
    When this program runs
      """
      import asyncio, rbee

      async def main():
          async with rbee.swarm() as swarm:
              said = [swarm.chat("hello", temperature=0) for _ in range(3)]
              print({answer.text.strip() for answer in await asyncio.gather(*said)})
              endless = {"model": "HF:author/endless-llama"}
              async for piece in swarm.stream("write a story", **endless):
                  break
              try:
                  await asyncio.wait_for(swarm.chat("write a story", **endless), 0.2)
              except asyncio.TimeoutError:
                  print("called off")

      asyncio.run(main())
      """
    Then it has printed
      """
      {'Hello! How can I help you today?'}
      called off
      """
    And nothing is left running

  Scenario: The program is killed
    Given a hub that holds "author/endless-llama"
    And a program of Python that reads a story of "HF:author/endless-llama"
    When that program of Python is ended by force
    Then nothing is left running
